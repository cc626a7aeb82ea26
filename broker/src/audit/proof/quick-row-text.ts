// The canonical text of rows straight from their columns: the same as by way of their fields, which is made where something is wrong and has to be
// named. Of each word the JSON is made once.
import { BodyReader } from '../../store/audit/body-bytes.ts';
import type { RawRow } from '../../store/audit/log-connection.ts';
import { chainAt, seqAt } from '../../store/audit/position.ts';
import { KIND } from '../../store/audit/row-columns.ts';
import { eventText, intentText, outcomeText, placeText } from '../canonical-row.ts';
import { createRowNames } from '../row-names.ts';

/** A word that is not in memory. */
export class MissingWord extends Error {
  override readonly name = 'MissingWord';
  readonly id: number;

  constructor(id: number) {
    super(`there is no word ${id}`);
    this.id = id;
  }
}

/** Throws MissingWord. */
export function wordIn(words: ReadonlyMap<number, string>, id: number): string {
  const text = words.get(id);
  if (text === undefined) throw new MissingWord(id);
  return text;
}

export interface QuickRowText {
  /** Undefined for rows that are not calls or events of today. Throws MissingWord, and RangeError for a body that nobody has written. */
  of(row: RawRow, prevHash: string): string | undefined;
}

export function createQuickRowText(
  chain: string,
  nameOf: (number: number) => string,
  words: ReadonlyMap<number, string>,
): QuickRowText {
  const chainJson = JSON.stringify(chain);
  const rowNames = createRowNames(chain);
  const jsonOf = new Map<number, string>();
  let known = words.size;

  const raw = (id: number): string => wordIn(words, id);

  function json(id: number | null): string {
    if (id === null) return 'null';
    const made = jsonOf.get(id);
    if (made !== undefined) return made;
    const text = JSON.stringify(raw(id));
    jsonOf.set(id, text);
    return text;
  }

  return {
    of(row, prevHash) {
      const [position, at, call, kind, workspace, actor, subject, server, tool, facts, bytes] = row;
      if (kind === KIND.chain) return undefined;
      // Where words were forgotten, so are their texts.
      if (words.size < known) jsonOf.clear();
      known = words.size;
      rowNames.take(at);
      const place = { chain: chainJson, id: rowNames.id, prevHash, seq: seqAt(position), ts: rowNames.ts };
      if (kind === KIND.event) {
        const details = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
        const texts = { actor: json(actor), subject: json(subject), type: json(facts), workspaceId: json(workspace) };
        return eventText(place, { ...texts, details });
      }
      const body = new BodyReader(bytes);
      if (kind === KIND.outcome) {
        const ended = raw(facts ?? 0);
        const callText = JSON.stringify(placeText({ chain: nameOf(chainAt(call ?? 0)), seq: seqAt(call ?? 0) }));
        const latencyMs = JSON.stringify(body.ms());
        const upstreamMs = JSON.stringify(body.ms());
        const responseBytes = body.count();
        body.end();
        const texts = { call: callText, ended, latencyMs, upstreamMs, responseBytes };
        return outcomeText(place, { ...texts, workspaceId: json(workspace) });
      }
      if (kind !== KIND.intent) throw new RangeError(`${kind} is no kind of row`);
      const caller = raw(body.count());
      const policy = raw(body.count());
      const asked = raw(body.count());
      const requestBytes = body.count();
      const argsDigest = JSON.stringify(body.text());
      const sessionId = JSON.stringify(body.text() ?? '');
      const traceId = JSON.stringify(body.text());
      body.end();
      const names = { actor: json(actor), server: json(server), toolName: json(tool), workspaceId: json(workspace) };
      const said = { argsDigest, asked, caller, policy, requestBytes, sessionId, traceId };
      return intentText(place, { ...names, ...said });
    },
  };
}
