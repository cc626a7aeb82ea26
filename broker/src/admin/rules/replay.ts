// Asks two policies about each recorded call, and tells where they differ.
import type { CallsChange, Replay } from 'mcpgate-shared/api/rules/previews';
import type { RecordedCall } from '../../audit/audit.ts';
import { decisionsOf, isOther, rulesOf, type scopeOfRules } from '../../policy/previews/access.ts';
import type { ForeseenPolicy } from '../../policy/previews/possible-verdicts.ts';
import { walkCalls } from './call-walk.ts';
import type { AskedAgain, CallReader } from './recorded-calls.ts';

type Answer =
  | { kind: 'same' }
  | { kind: 'gone' }
  | { kind: 'changed' | 'unknown'; line: Pick<CallsChange, 'who' | 'what' | 'before' | 'after' | 'rules'> };

interface Policies {
  before: ForeseenPolicy;
  after: ForeseenPolicy;
  /** Undefined: every decision may differ. */
  scope: ReturnType<typeof scopeOfRules> | undefined;
  /** Some rule reads the time, so that each call is asked about. */
  readsTime: boolean;
}

const MOST_LINES = 1_000;
const MOST_IDS = 20;
const MOST_KEPT = 50_000;

export async function replay(
  pages: AsyncIterable<readonly RecordedCall[]>,
  reader: CallReader,
  policies: Policies,
  { since, mostCalls }: { since: string; mostCalls: number },
): Promise<Replay> {
  const lines = { changed: new Map<string, CallsChange>(), unknown: new Map<string, CallsChange>() };
  const counts = { changed: 0, unknown: 0, gone: 0, leftOut: 0 };
  const [people, tools] = [new Set<string>(), new Set<string>()];
  const { calls: judged, stoppedAt } = await walkCalls<Answer>(pages, {
    mostCalls,
    eachAlone: policies.readsTime,
    // What a credential is bound to is no rule's.
    isMeant: ({ rule }) => rule !== 'grant-bound',
    answer(call) {
      const asked = reader.read(call);
      return asked === undefined ? { kind: 'gone' } : compared(asked, policies);
    },
    take(call, answer) {
      if (answer.kind === 'same') return;
      counts[answer.kind]++;
      if (answer.kind === 'gone') return;
      const { line } = answer;
      if (answer.kind === 'changed' && people.size < MOST_KEPT) people.add(line.who);
      if (answer.kind === 'changed' && tools.size < MOST_KEPT) tools.add(line.what);
      const key = JSON.stringify(line);
      const told = lines[answer.kind].get(key);
      if (told !== undefined) {
        told.calls++;
        told.last = call.ts;
        if (told.ids.length < MOST_IDS) told.ids.push(call.id);
      } else if (lines[answer.kind].size < MOST_LINES)
        lines[answer.kind].set(key, { ...line, calls: 1, last: call.ts, ids: [call.id] });
      else counts.leftOut++;
    },
  });
  const byCalls = (of: Map<string, CallsChange>) => [...of.values()].sort((a, b) => b.calls - a.calls);
  const { changed, unknown, gone, leftOut } = counts;
  return {
    ...{ since, judged, changed, unknown, gone },
    people: [...people].sort(),
    tools: [...tools].sort(),
    changes: byCalls(lines.changed),
    unknowns: byCalls(lines.unknown),
    left_out: leftOut,
    stopped_at: stoppedAt,
  };
}

function compared({ who, principal, thing, facts }: AskedAgain, { before, after, scope }: Policies): Answer {
  if (scope !== undefined && !(scope.isAboutPerson({ principal }) && scope.isAboutThing(thing)))
    return { kind: 'same' };
  const question = { principal, server: thing.server, facts };
  const [was, is] = [before.judge(question, thing.ways), after.judge(question, thing.ways)];
  const isCertain = was.certain !== undefined && is.certain !== undefined;
  if (isCertain && !isOther(was, is)) return { kind: 'same' };
  return {
    kind: isCertain ? 'changed' : 'unknown',
    line: { who, what: thing.name, before: decisionsOf(was), after: decisionsOf(is), rules: rulesOf(is) },
  };
}
