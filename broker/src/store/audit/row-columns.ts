// A row of the audit log as columns of its table, and back. Columns hold what is searched for; the rest is in `body`. What stands in which is
// nobody's business but this file's: hashes cover what a row says, never a number of a word.
import { z } from 'zod';
import { recordId, tailOf, type Moment } from '../../domain/record-id.ts';
import { BodyReader, BodyWriter } from './body-bytes.ts';
import { chainAt, positionOf, seqAt } from './position.ts';
import type { Chain, NewRow, RowFields, RowPlace } from './row.ts';
import { WORD, type WordKind } from './words.ts';

/** The table `audit_rows`, in the order in which both engines bind values. */
export interface RowColumns {
  position: number;
  at: Moment;
  /** The position of the intent, of an outcome. */
  call: number | null;
  kind: number;
  /** These are numbers of words. */
  workspace: number | null;
  actor: number | null;
  subject: number | null;
  server: number | null;
  tool: number | null;
  /** The type of an event, and how a call ended. */
  facts: number | null;
  body: Uint8Array;
  hash: Uint8Array;
  seal: Uint8Array | null;
}

export const COLUMNS = [
  'position',
  'at',
  'call',
  'kind',
  'workspace',
  'actor',
  'subject',
  'server',
  'tool',
  'facts',
  'body',
  'hash',
  'seal',
] as const satisfies readonly (keyof RowColumns)[];

export type ColumnValue = number | null | Uint8Array;
export const columnValues = (row: RowColumns): ColumnValue[] => COLUMNS.map((column) => row[column]);

export const KIND = { intent: 1, outcome: 2, event: 3, chain: 4 } as const;

/** `idOf`: the number of a word. */
export function toColumns(
  row: NewRow,
  chains: ReadonlyMap<string, number>,
  idOf: (kind: WordKind, workspaceId: string, text: string) => number,
): RowColumns {
  const place = { position: positionIn(chains, row), at: row.at };
  const proof = { hash: Buffer.from(row.hash, 'hex'), seal: row.seal };
  const nothing = { call: null, workspace: null, actor: null, subject: null, server: null, tool: null, facts: null };
  if (row.kind === 'chain') {
    const body = Buffer.from(JSON.stringify([row.type, row.details]), 'utf8');
    return { ...place, ...nothing, kind: KIND.chain, body, ...proof };
  }
  const { workspaceId } = row;
  const workspace = idOf(WORD.workspace, '', workspaceId);
  const word = (kind: WordKind, text: string): number => idOf(kind, workspaceId, text);
  const wordOrNull = (kind: WordKind, text: string | null): number | null => (text === null ? null : word(kind, text));
  switch (row.kind) {
    case 'intent': {
      const body = new BodyWriter()
        .count(word(WORD.caller, row.caller))
        .count(word(WORD.policy, row.policy))
        .count(word(WORD.asked, row.asked))
        .count(row.requestBytes)
        .text(row.argsDigest)
        .text(row.sessionId)
        .text(row.traceId)
        .bytes();
      const [actor, server] = [word(WORD.actor, row.actor), word(WORD.server, row.server)];
      const tool = wordOrNull(WORD.tool, row.toolName);
      return { ...place, ...nothing, kind: KIND.intent, workspace, actor, server, tool, body, ...proof };
    }
    case 'outcome': {
      const body = new BodyWriter().ms(row.latencyMs).ms(row.upstreamMs).count(row.responseBytes).bytes();
      const call = positionIn(chains, row.call);
      return {
        ...place,
        ...nothing,
        kind: KIND.outcome,
        workspace,
        call,
        facts: word(WORD.ended, row.ended),
        body,
        ...proof,
      };
    }
    case 'event': {
      const [actor, facts] = [word(WORD.actor, row.actor), word(WORD.type, row.type)];
      const subject = wordOrNull(WORD.subject, row.subject);
      const body = Buffer.from(row.details, 'utf8');
      return { ...place, ...nothing, kind: KIND.event, workspace, actor, subject, facts, body, ...proof };
    }
    case 'old':
      throw new TypeError('rows of format 1 are carried over by a migration, and never appended');
  }
}

function positionIn(chains: ReadonlyMap<string, number>, { chain, seq }: RowPlace): number {
  const number = chains.get(chain);
  if (number === undefined) throw new TypeError(`there is no chain ${chain}`);
  return positionOf(number, seq);
}

const OldBodySchema = z.tuple([z.string(), z.number(), z.string(), z.string().nullable(), z.string()]);
const ChainBodySchema = z.tuple([z.string(), z.string()]);

/** The body of a row of format 1. */
export function oldBody(body: z.output<typeof OldBodySchema>): Uint8Array {
  return Buffer.from(JSON.stringify(body), 'utf8');
}

/** What a row of format 1 says, as JSON. Throws where its body was changed. */
export const oldData = (body: Uint8Array): string => OldBodySchema.parse(JSON.parse(utf8(body)))[4];

/** The numbers of the words in a row. Throws where its body was changed. */
export function wordIdsIn(row: RowColumns, { format }: Chain): number[] {
  const ids = [row.workspace, row.actor, row.subject, row.server, row.tool, row.facts].filter((id) => id !== null);
  return row.kind === KIND.intent && format !== 1 ? [...ids, ...callWords(new BodyReader(row.body))] : ids;
}

const callWords = (body: BodyReader): [number, number, number] => [body.count(), body.count(), body.count()];
const utf8 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');

/** What a row says. `text`: of a word. Throws where its body was changed. */
export function fieldsOf(
  row: RowColumns,
  chainOf: (number: number) => Chain,
  text: (id: number) => string,
): RowFields & { id: string } {
  const textOrNull = (id: number | null): string | null => (id === null ? null : text(id));
  const textOf = (id: number | null): string => textOrNull(id) ?? '';
  const { format, name, tail } = chainOf(chainAt(row.position));
  const workspaceId = textOf(row.workspace);
  if (format === 1) {
    const [id, ts, type, callId, data] = OldBodySchema.parse(JSON.parse(utf8(row.body)));
    const names = { server: textOrNull(row.server), toolName: textOrNull(row.tool) };
    const people = { actor: textOrNull(row.actor), subject: textOrNull(row.subject) };
    return { kind: 'old', id, workspaceId, ts, type, callId, ...people, ...names, data };
  }
  const id = recordId(row.at, tail ?? tailOf(name));
  switch (row.kind) {
    case KIND.intent: {
      const body = new BodyReader(row.body);
      const [caller, policy, asked] = callWords(body);
      const fields: RowFields & { id: string } = {
        ...{ kind: 'intent' as const, id, workspaceId, actor: textOf(row.actor), server: textOf(row.server) },
        ...{ toolName: textOrNull(row.tool), caller: text(caller), policy: text(policy), asked: text(asked) },
        ...{ requestBytes: body.count(), argsDigest: body.text(), sessionId: body.text() ?? '', traceId: body.text() },
      };
      body.end();
      return fields;
    }
    case KIND.outcome: {
      const body = new BodyReader(row.body);
      const call = { chain: chainOf(chainAt(row.call ?? 0)).name, seq: seqAt(row.call ?? 0) };
      const [latencyMs, upstreamMs, responseBytes] = [body.ms() ?? 0, body.ms(), body.count()];
      body.end();
      return { kind: 'outcome', id, workspaceId, call, ended: textOf(row.facts), latencyMs, upstreamMs, responseBytes };
    }
    case KIND.event: {
      const [type, actor, subject] = [textOf(row.facts), textOf(row.actor), textOrNull(row.subject)];
      return { kind: 'event', id, workspaceId, type, actor, subject, details: utf8(row.body) };
    }
    case KIND.chain:
      return { kind: 'chain', id, ...chainRowOf(row) };
    default:
      throw new RangeError(`${row.kind} is no kind of row`);
  }
}

/** What a row says of its chain. Throws where it is no such row, or its body was changed. */
export function chainRowOf({ body }: RowColumns): { type: string; details: string } {
  const [type, details] = ChainBodySchema.parse(JSON.parse(utf8(body)));
  return { type, details };
}
