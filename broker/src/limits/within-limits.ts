// Takes what a call needs of the allowances of rules before it is recorded and forwarded, or says that it is denied for want of that.
import { limitText } from 'mcpgate-shared/api/rules/rule-sentence';
import type { Clock } from 'mcpgate-shared/clock';
import type { LimitOf, Verdict } from '../policy/verdict.ts';
import type { Limits } from './limits.ts';

/** `verdict`: as it is now. `giveBack`: undefined where the call is denied; else for a call that was not executed after all. */
export interface Limited {
  verdict: Verdict;
  giveBack: (() => void) | undefined;
}

const nothing = (): void => undefined;

/** Rejects where the store does not answer; then nothing was taken. */
export async function withinLimits(
  { limits, clock }: { limits: Pick<Limits, 'reserve'>; clock: Pick<Clock, 'now'> },
  workspaceId: string,
  verdict: Verdict,
): Promise<Limited> {
  if (verdict.limits === undefined) return { verdict, giveBack: nothing };
  const taking = limits.reserve(workspaceId, verdict.limits);
  const reserved = taking instanceof Promise ? await taking : taking;
  if (reserved.kind === 'exceeded') {
    const denied = beyond('deny', reserved.limit, reserved.retryAt, clock.now());
    return { verdict: denied, giveBack: undefined };
  }
  if (reserved.beyond === undefined || verdict.decision === 'would_deny')
    return { verdict, giveBack: reserved.giveBack };
  const noted = beyond('would_deny', reserved.beyond, undefined, clock.now());
  return { verdict: noted, giveBack: reserved.giveBack };
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
