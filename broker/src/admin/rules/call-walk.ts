// Goes through recorded calls and finds out something about each of them. Calls that differ in nothing that rules know are asked about once.
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { RecordedCall } from '../../audit/audit.ts';
import { callKey } from './recorded-calls.ts';

export interface CallWalk<Answer> {
  /** The others are passed over. */
  isMeant(call: RecordedCall & { tool_name: string }): boolean;
  /** Each call is asked about by itself. */
  eachAlone: boolean;
  answer(call: RecordedCall): Answer;
  /** Gets each call that is meant, with the answer about it. */
  take(call: RecordedCall, answer: Answer): void;
  /** No more can be taken. */
  isFull?(): boolean;
  mostCalls: number;
}

const MOST_KEPT = 50_000;

/** `stoppedAt`: of the last call that was looked at, where there are more. */
export async function walkCalls<Answer>(
  pages: AsyncIterable<readonly RecordedCall[]>,
  { isMeant, eachAlone, answer, take, isFull = () => false, mostCalls }: CallWalk<Answer>,
): Promise<{ calls: number; stoppedAt: string | null }> {
  const known = new Map<string, { answer: Answer }>();
  let calls = 0;
  const answerTo = (call: RecordedCall): Answer => {
    if (eachAlone) return answer(call);
    const key = callKey(call);
    const before = known.get(key);
    if (before !== undefined) return before.answer;
    const found = answer(call);
    if (known.size >= MOST_KEPT) known.clear();
    known.set(key, { answer: found });
    return found;
  };
  for await (const page of pages) {
    for (const call of page) {
      if (!isNamed(call) || !isMeant(call)) continue;
      calls++;
      take(call, answerTo(call));
    }
    if (calls >= mostCalls || isFull()) return { calls, stoppedAt: page.at(-1)?.ts ?? null };
    await nextTurn();
  }
  return { calls, stoppedAt: null };
}

const isNamed = (call: RecordedCall): call is RecordedCall & { tool_name: string } => call.tool_name !== null;
