// Takes what a call needs of the allowances of rules before it is recorded and forwarded, or says that it is denied for want of that.
import { limitText } from 'mcpgate-shared/api/rules/rule-sentence';
import type { Clock } from 'mcpgate-shared/clock';
import type { BaseLogger } from 'pino';
import type { GivenBack } from '../domain/approval.ts';
import { MOST_ROUNDS } from '../domain/bounds/most-rounds.ts';
import type { LimitOf, Verdict } from '../policy/verdict.ts';
import { isBeyondAlone, type Limits } from './limits.ts';
import type { PaidCall } from './paid-calls.ts';

/**
 * `verdict`: as it is now. `giveBack`: undefined where the call is denied; else for a call that was not executed after all, or not to its end. What was
 * taken is given back once, however often it is called.
 */
export interface Limited {
  verdict: Verdict;
  giveBack: ((why: GivenBack) => void | Promise<void>) | undefined;
}

/** `isNextRound`: it brings the answer to what its server asked the client for. `identity`: that of `PaidCall`. */
export interface LimitedCall {
  workspaceId: string;
  verdict: Verdict;
  isNextRound: boolean;
  identity: () => Promise<string>;
}

interface Parts {
  limits: Pick<Limits, 'reserve' | 'paid'>;
  clock: Pick<Clock, 'now'>;
  log: Pick<BaseLogger, 'warn'>;
}

const nothing = (): void => undefined;

/** Rejects where the store does not answer; then nothing was taken. */
export async function withinLimits(parts: Parts, call: LimitedCall): Promise<Limited> {
  const { limits, clock } = parts;
  const { workspaceId, verdict, isNextRound } = call;
  if (verdict.limits === undefined) return { verdict, giveBack: nothing };
  const paid = { workspaceId, limits: verdict.limits };
  if (isNextRound) {
    const known = { ...paid, identity: await call.identity() };
    const roundsLeft = await limits.paid.resume(known);
    if (roundsLeft !== undefined) {
      const keep = (left: number) => keeping(parts, known, left);
      return { verdict, giveBack: once((why) => keep(why === 'not_carried_out' ? roundsLeft + 1 : roundsLeft)) };
    }
  }
  const taking = limits.reserve(workspaceId, verdict.limits);
  const reserved = taking instanceof Promise ? await taking : taking;
  if (reserved.kind === 'exceeded') {
    const denied = beyond('deny', reserved.limit, reserved.retryAt, clock.now());
    return { verdict: denied, giveBack: undefined };
  }
  const giveBack = once(async (why: GivenBack): Promise<void> => {
    if (why === 'not_carried_out') return reserved.giveBack();
    await keeping(parts, { ...paid, identity: await call.identity() }, MOST_ROUNDS - 1);
  });
  if (reserved.beyond === undefined || verdict.decision === 'would_deny') return { verdict, giveBack };
  return { verdict: beyond('would_deny', reserved.beyond, undefined, clock.now()), giveBack };
}

/** The verdict on a call that takes more than there ever is of an allowance, whatever was used of it; undefined: what is left decides. */
export function beyondAlone(limits: readonly LimitOf[], now: number): Verdict | undefined {
  const beyondAny = limits.filter(isBeyondAlone);
  const denied = beyondAny.find(({ observe }) => !observe);
  if (denied !== undefined) return beyond('deny', denied, Infinity, now);
  const [observed] = beyondAny;
  return observed && beyond('would_deny', observed, undefined, now);
}

function once(work: (why: GivenBack) => Promise<void>): (why: GivenBack) => Promise<void> {
  let done: Promise<void> | undefined;
  return (why) => (done ??= work(why));
}

/** Where it cannot be kept, its next round takes of the allowance like a call of its own. */
async function keeping({ limits, log }: Parts, call: PaidCall, roundsLeft: number): Promise<void> {
  if (roundsLeft <= 0) return;
  await limits.paid.keep(call, roundsLeft).catch((error: unknown) => {
    log.warn({ err: error, rule: call.limits[0]?.rule }, 'the next round of a call takes of its limit once more');
  });
}

function beyond(decision: 'deny' | 'would_deny', limit: LimitOf, retryAt: number | undefined, now: number): Verdict {
  const { rule, most, withinMs, per, sum = null } = limit;
  const allowance = `rule ${rule} has a limit, ${limitText({ most, within_ms: withinMs, per, sum })}`;
  if (retryAt === undefined) return { decision, rule, reason: `${allowance}, which is used up; it only observes` };
  const reason =
    retryAt === Infinity
      ? `${allowance}, and this call alone takes more than that`
      : `${allowance}, which is used up; enough is free again in ${waitText(retryAt - now)}`;
  return { decision, rule, reason, retryAt };
}

/** Rounded up, so that nobody comes too early. */
function waitText(ms: number): string {
  const seconds = Math.max(1, Math.ceil(ms / 1_000));
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.ceil(seconds / 60);
  return minutes < 120 ? `${minutes} min` : `${Math.ceil(minutes / 60)} h`;
}
