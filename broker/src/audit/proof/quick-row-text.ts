// The canonical text of rows straight from their columns: the same as by way of their fields, which is made where something is wrong and has to be
// named. Of each word the JSON is made once, of each second and millisecond the text.
import { tailOf, timeOf } from '../../domain/record-id.ts';
import { BodyReader } from '../../store/audit/body-bytes.ts';
import type { RawRow } from '../../store/audit/log-connection.ts';
import { chainAt, seqAt } from '../../store/audit/position.ts';
import { KIND } from '../../store/audit/row-columns.ts';
import { eventText, intentText, outcomeText, placeText } from '../canonical-row.ts';

/** A word that is not in memory. */
export class MissingWord extends Error {
  override readonly name = 'MissingWord';
  readonly id: number;

  constructor(id: number) {
    super(`there is no word ${id}`);
    this.id = id;
  }
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
  const tail = tailOf(chain);
  const idEnd = `-${tail.slice(0, 4)}-${tail.slice(4)}`;
  const jsonOf = new Map<number, string>();
  let known = words.size;
  let ms = -1;
  let second = -1;
  let idStart = '';
  let date = '';
  let ts = '';

  function raw(id: number): string {
    const text = words.get(id);
    if (text === undefined) throw new MissingWord(id);
    return text;
  }

  function json(id: number | null): string {
    if (id === null) return 'null';
    const made = jsonOf.get(id);
    if (made !== undefined) return made;
    const text = JSON.stringify(raw(id));
    jsonOf.set(id, text);
    return text;
  }

  function atTime(now: number): void {
    if (now === ms) return;
    ms = now;
    const hex = now.toString(16).padStart(12, '0');
    idStart = `${hex.slice(0, 8)}-${hex.slice(8)}-7`;
    const current = Math.floor(now / 1_000);
    if (current !== second) {
      second = current;
      date = new Date(current * 1_000).toISOString().slice(0, -4);
    }
    ts = `${date}${String(now - current * 1_000).padStart(3, '0')}Z`;
  }

  return {
    of(row, prevHash) {
      const [position, at, call, kind, workspace, actor, subject, server, tool, facts, bytes] = row;
      if (kind === KIND.chain) return undefined;
      // Where words were forgotten, so are their texts.
      if (words.size < known) jsonOf.clear();
      known = words.size;
      const now = timeOf(at);
      atTime(now);
      const id = `${idStart}${(at - now * 1_024).toString(16).padStart(3, '0')}${idEnd}`;
      const place = { chain: chainJson, id, prevHash, seq: seqAt(position), ts };
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
