// Records of calls and events as the cells of their columns. Calls are most of a log: theirs are made straight from their rows, and what many of them
// say alike is read once.
import type { z } from 'zod';
import { BodyReader } from '../../store/audit/body-bytes.ts';
import { chainAt, seqAt } from '../../store/audit/position.ts';
import { saidBy, type NumberedChain, type RawRow } from '../../store/audit/log-connection.ts';
import type { LogReader } from '../../store/audit/log-reader.ts';
import { fieldsOf } from '../../store/audit/row-columns.ts';
import { FORMAT, type AuditRow } from '../../store/audit/row.ts';
import {
  AskedSchema,
  CallerSchema,
  createTextReader,
  EndedSchema,
  NO_OUTCOME,
  PolicySchema,
  toCallRecord,
  toLoggedEvent,
} from '../log-rows.ts';
import { wordIn } from '../proof/quick-row-text.ts';
import { createRowNames, type RowNames } from '../row-names.ts';
import { inWords } from './in-words.ts';
import { askedRuns, callerRun, callLine, endedRuns, eventLine, policyRun, type RecordLine } from './record-columns.ts';
import type { Part, PickedRecord } from './walk-log.ts';

export function createRecordLines(
  log: Pick<LogReader, 'words' | 'learn'>,
): (part: Part<PickedRecord>) => Promise<RecordLine[]> {
  const read = createTextReader();
  const textOf = (id: number): string => wordIn(log.words, id);
  const nameOf = (id: number | null): string => (id === null ? '' : textOf(id));
  const said = createSaidByCalls(log.words, textOf);
  const names = new Map<string, RowNames>();
  function namesIn(chain: string): RowNames {
    const known = names.get(chain) ?? createRowNames(chain);
    names.set(chain, known);
    return known;
  }

  return async ({ chain, chainOf, picked, hashBefore }) => {
    const placeOf = (row: RawRow, of: NumberedChain) => ({
      ...{ chain: of.name, seq: seqAt(row[0]), prevHash: hashBefore(row), hash: row[11] },
    });
    const rowOf = (row: RawRow, of: NumberedChain): AuditRow => {
      const [position, at, , , , , , , , , , , seal] = row;
      return { ...fieldsOf(saidBy(row), chainOf, textOf), ...placeOf(row, of), position, at, seal };
    };
    function lineOfOld(intentRow: RawRow, outcomeRow: RawRow | undefined): RecordLine {
      const intent = rowOf(intentRow, chain);
      const outcome = outcomeRow === undefined ? null : rowOf(outcomeRow, chain);
      if (intent.kind !== 'old') throw new TypeError('it is no intent');
      if (outcome !== null && outcome.kind !== 'old') throw new TypeError('it is no outcome');
      const call = toCallRecord({ intent, outcome }, read);
      const caller = callerRun(call);
      const alike = { caller, asked: askedRuns(call), policy: policyRun(call, call.policy_version) };
      return callLine(call, { ...alike, ended: endedRuns(call) }, outcome ?? intent, intent);
    }
    function lineOf(intent: RawRow, outcome: RawRow | undefined): RecordLine {
      const [position, at, , , workspace, actor, , server, tool, , bytes] = intent;
      said.tidy();
      // The member says who it was.
      nameOf(actor);
      const body = new BodyReader(bytes);
      const caller = said.caller(body.count());
      const policy = said.policy(body.count());
      const asked = said.asked(body.count());
      const request_bytes = body.count();
      const args_digest = body.text();
      const session_id = body.text() ?? '';
      const trace_id = body.text();
      body.end();
      let [latency_ms, upstream_ms, response_bytes]: [number | null, number | null, number] = [null, null, 0];
      let ended = said.open;
      if (outcome !== undefined) {
        const end = new BodyReader(outcome[10]);
        [latency_ms, upstream_ms, response_bytes] = [end.ms() ?? 0, end.ms(), end.count()];
        end.end();
        ended = said.ended(outcome[9] ?? 0);
      }
      const of = chainOf(chainAt(position));
      const name = namesIn(of.name);
      name.take(at);
      const call = {
        ...{ id: name.id, ts: name.ts, workspace_id: nameOf(workspace), session_id, server: nameOf(server) },
        ...{ tool_name: tool === null ? null : textOf(tool), trace_id, latency_ms, upstream_ms },
        ...{ request_bytes, response_bytes, args_digest },
      };
      const begun = placeOf(intent, of);
      const place = outcome === undefined ? begun : placeOf(outcome, chain);
      return callLine(call, { caller, asked, policy, ended }, place, begun);
    }
    const rowsOf = (each: PickedRecord): RawRow[] =>
      each.kind === 'event' ? [each.row] : [each.intent, ...(each.outcome === undefined ? [] : [each.outcome])];
    return await inWords(log, picked, rowsOf, chainOf, (each) => {
      if (each.kind === 'call') return (chain.format === FORMAT ? lineOf : lineOfOld)(each.intent, each.outcome);
      const row = rowOf(each.row, chain);
      if (row.kind !== 'event' && row.kind !== 'old') throw new TypeError('it is no event');
      return eventLine(toLoggedEvent(row, read), row);
    });
  };
}

/** The cells that a word says, made once for each word. */
function createSaidByCalls(words: ReadonlyMap<number, string>, textOf: (id: number) => string) {
  const made: Map<number, unknown>[] = [];
  function by<Said, Made>(schema: z.ZodType<Said>, make: (said: Said) => Made): (id: number) => Made {
    const known = new Map<number, Made>();
    made.push(known);
    return (id) => {
      const runs = known.get(id) ?? make(schema.parse(JSON.parse(textOf(id))));
      known.set(id, runs);
      return runs;
    };
  }
  let known = words.size;
  return {
    caller: by(CallerSchema, callerRun),
    policy: by(PolicySchema, (policy) => policyRun(policy, policy.version)),
    asked: by(AskedSchema, askedRuns),
    ended: by(EndedSchema, endedRuns),
    open: endedRuns(NO_OUTCOME),
    /** Where words were forgotten, so is what they say. */
    tidy() {
      if (words.size < known) for (const runs of made) runs.clear();
      known = words.size;
    },
  };
}
