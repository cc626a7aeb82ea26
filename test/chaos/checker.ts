// Compares the four logs of a run, call by call. Pure: it neither runs nor reads anything.
import type { Asked, Audited, BrokerEnd, Executed, Logs, Received } from './ledger.ts';

export interface Difference {
  what:
    | 'lost'
    | 'answered twice'
    | 'foreign answer'
    | 'executed twice'
    | 'answered but not executed'
    | 'executed but called failed'
    | 'unknown without a kill'
    | 'not recorded'
    | 'recorded twice'
    | 'recorded otherwise'
    | 'never asked';
  token: string;
  detail: string;
  /** When it was asked, and answered; ms since the epoch. */
  between?: readonly [number, number];
}

export interface Verdict {
  calls: number;
  ok: number;
  unknown: number;
  failed: number;
  /** In the order in which the calls were asked. */
  differences: readonly Difference[];
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}

interface Traces {
  received: readonly Received[];
  executed: readonly Executed[];
  audited: readonly Audited[];
}

type Found = Pick<Difference, 'what' | 'detail'>;

/**
 * A broker was killed while it had the call. A call that reached no broker may have been written into the link of one that was dead
 * already: nobody at the laptop's end can tell, so the last end before the question counts too.
 */
function mayBeUnknown(asked: Asked, answer: Received, reached: boolean, ends: readonly BrokerEnd[]): boolean {
  const during = ends.filter(({ at }) => at >= asked.at && at <= answer.at);
  const before = reached ? undefined : ends.findLast(({ at }) => at < asked.at);
  return [...during, ...(before === undefined ? [] : [before])].some(({ signal }) => signal === 'SIGKILL');
}

function checkAnswer(asked: Asked, { received, executed, audited }: Traces, ends: readonly BrokerEnd[]): Found[] {
  const [answer] = received;
  if (answer === undefined) return [{ what: 'lost', detail: 'it got no answer' }];
  const found: Found[] = [];
  const reached = executed.length + audited.length > 0;
  if (received.length > 1) found.push({ what: 'answered twice', detail: received.map(({ text }) => text).join(' | ') });
  if (answer.kind === 'ok') {
    if (answer.answers !== asked.token)
      found.push({
        what: 'foreign answer',
        detail: `it was answered as ${answer.answers ?? 'no call'}: ${answer.text}`,
      });
    if (executed.length === 0) found.push({ what: 'answered but not executed', detail: answer.text });
  } else if (answer.kind === 'failed' && executed.length > 0) {
    found.push({ what: 'executed but called failed', detail: answer.text });
  } else if (answer.kind === 'unknown' && !mayBeUnknown(asked, answer, reached, ends)) {
    const detail = `no broker was killed between ${asked.at} and ${answer.at}: ${answer.text}`;
    found.push({ what: 'unknown without a kill', detail });
  }
  return found;
}

function checkRecord({ received, executed, audited }: Traces): Found[] {
  const statuses = audited.map(({ id, status }) => `${id} ${status}`).join(', ');
  if (audited.length > 1) return [{ what: 'recorded twice', detail: statuses }];
  const [record] = audited;
  const kind = received[0]?.kind;
  if (record === undefined) {
    return executed.length > 0 || kind === 'ok'
      ? [{ what: 'not recorded', detail: `executed ${executed.length} times` }]
      : [];
  }
  const fits = kind === 'ok' ? record.status === 'ok' : kind === 'failed' ? record.status !== 'ok' : true;
  const isInvented = record.status === 'ok' && executed.length === 0;
  return fits && !isInvented
    ? []
    : [{ what: 'recorded otherwise', detail: `answered ${kind ?? 'nothing'}, recorded ${statuses}` }];
}

export function compareLogs({ asked, received, executed, audited, ends }: Logs): Verdict {
  const receivedBy = groupBy(received, ({ token }) => token);
  const executedBy = groupBy(executed, ({ token }) => token);
  const auditedBy = groupBy(audited, ({ trace }) => trace ?? '');
  const differences: Difference[] = [];
  for (const call of asked) {
    const traces: Traces = {
      received: receivedBy.get(call.token) ?? [],
      executed: executedBy.get(call.token) ?? [],
      audited: auditedBy.get(call.trace) ?? [],
    };
    const found = [...checkAnswer(call, traces, ends), ...checkRecord(traces)];
    if (traces.executed.length > 1)
      found.unshift({ what: 'executed twice', detail: traces.executed.map(({ at }) => at).join(', ') });
    const between = [call.at, traces.received.at(-1)?.at ?? call.at] as const;
    differences.push(...found.map((each) => ({ ...each, token: call.token, between })));
    for (const [log, key] of [
      [receivedBy, call.token],
      [executedBy, call.token],
      [auditedBy, call.trace],
    ] as const)
      log.delete(key);
  }
  const strangers = { received: receivedBy, executed: executedBy, recorded: auditedBy };
  for (const [log, left] of Object.entries(strangers))
    for (const token of left.keys()) differences.push({ what: 'never asked', token, detail: `${log}, but not asked` });
  const count = (kind: Received['kind']) => received.filter((each) => each.kind === kind).length;
  return { calls: asked.length, ok: count('ok'), unknown: count('unknown'), failed: count('failed'), differences };
}
