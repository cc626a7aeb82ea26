// A row of the audit log, as the rooms above have it. What repeats from row to row stands in it as a word: a text that the database keeps once.
// Some words are members of the canonical form of the row (docs/audit-format.md): `caller`, `policy`, `asked` and `ended` are JSON texts.
import type { Moment } from '../../domain/record-id.ts';
import { HostError } from '../../domain/public-message.ts';

/** Who wrote a row, and where it stands among those of its writer. */
export interface RowPlace {
  /** The name of the chain; a broker process has one of its own. */
  chain: string;
  seq: number;
}

interface Placed extends RowPlace {
  /** When the row was made. With the name of its chain it makes the row's id. */
  at: Moment;
  id: string;
}

export interface IntentFields {
  kind: 'intent';
  workspaceId: string;
  actor: string;
  server: string;
  toolName: string | null;
  caller: string;
  policy: string;
  asked: string;
  requestBytes: number;
  argsDigest: string | null;
  sessionId: string;
  traceId: string | null;
}

export interface OutcomeFields {
  kind: 'outcome';
  workspaceId: string;
  /** The row of its intent. */
  call: RowPlace;
  ended: string;
  latencyMs: number;
  upstreamMs: number | null;
  responseBytes: number;
  /** The spans of its call, which the same append keeps apart from the log until they have gone out. Where rows are read they are not. */
  spans?: string | undefined;
}

export interface EventFields {
  kind: 'event';
  workspaceId: string;
  type: string;
  actor: string;
  subject: string | null;
  /** `{"address":…,"data":…}`. */
  details: string;
}

/** A row about its chain. It is of no workspace, and no search finds it. */
export interface ChainFields {
  kind: 'chain';
  type: string;
  /** A JSON object. */
  details: string;
  /** What it binds, by the SHA-256 in its details, and what is kept apart from it: the sealed arguments of a call. Where rows are read it is not. */
  sealedArguments?: Uint8Array;
}

/** A row as versions before the format 2 have written it; its hash covers it in that form. */
export interface OldFields {
  kind: 'old';
  workspaceId: string;
  ts: number;
  /** `call.intent`, `call.outcome`, or the type of an event. */
  type: string;
  callId: string | null;
  actor: string | null;
  subject: string | null;
  server: string | null;
  toolName: string | null;
  /** JSON text, exactly as it was hashed. */
  data: string;
}

export type RowFields = IntentFields | OutcomeFields | EventFields | ChainFields | OldFields;

/** What makes a row evident: `hash` covers it and the row before it; the seal of the last row of an append covers that hash. */
export interface RowProof {
  /** Hex, as all hashes here. */
  hash: string;
  seal: Uint8Array | null;
}

/** A row to be appended. */
export type NewRow = Placed & RowFields & RowProof;

/** The sealed arguments that are to be kept with a row. */
export const argumentsIn = (row: NewRow | undefined): Uint8Array | undefined =>
  row?.kind === 'chain' ? row.sealedArguments : undefined;

/** The spans that are to be kept beside a row. */
export const spansIn = (row: NewRow | undefined): string | undefined =>
  row?.kind === 'outcome' ? row.spans : undefined;

/** A row as it was read. */
export type AuditRow = NewRow & Cursor & { prevHash: string };
export type RowOf<K extends RowFields['kind']> = Extract<AuditRow, { kind: K }>;

/** The rows of a call. Both are of the same format. */
export interface CallRow {
  intent: RowOf<'intent' | 'old'>;
  outcome: RowOf<'outcome' | 'old'> | null;
}

/** Of the chains that this version writes. Those of versions before have the format 1. */
export const FORMAT = 2;

export interface Chain {
  name: string;
  format: number;
  /** Of the ids of its rows, where somebody has worked it out already. */
  tail?: string;
}

/** The end of a chain. */
export interface ChainHead extends RowPlace {
  hash: string;
}

/** Where a search goes on. */
export interface Cursor {
  at: Moment;
  /** Of the row, among all rows of the log. */
  position: number;
}

export interface AuditQuery {
  workspaceId: string;
  /** Milliseconds since the epoch, as all times here. */
  since?: number;
  until?: number;
  user?: string;
  tool?: string;
  server?: string;
  type?: string;
  /** Of events alone: what they are about, as `rule:r_7dm2qa`. */
  subject?: string;
  /** A part of the name of a tool, or of the type or the subject of an event. */
  text?: string;
  /** Of calls alone: the numbers of words, of which one fits. Rows of format 1 come with them, whatever they say. */
  callers?: readonly number[] | undefined;
  policies?: readonly number[] | undefined;
  /** Others that begin like it may come, too, and where it is no UUID all others. */
  session?: string | undefined;
  /** How a call ended, as numbers of words; `isOpen`: those that have no end fit, too. */
  ended?: { facts: readonly number[]; isOpen: boolean } | undefined;
  /** Without it the newest rows come first. With it come the rows after it, the oldest first, to follow the log. */
  after?: Cursor;
  /** Only rows before it. */
  before?: Cursor | undefined;
  limit: number;
}

/** Calls by how they have ended. The newest end comes first. */
export interface EndedQuery {
  workspaceId: string;
  /** Those that carried it; `version` null: any. */
  secret?: { name: string; version: number | null };
  status?: string;
  since: number;
  /** Only those whose outcome stands before it. */
  before?: Cursor;
  limit: number;
}

/** The answer to an append was lost on its way: the rows may stand in the table or not. */
export class AppendInDoubt extends HostError {}
