// The audit record of a call (contract.md): the join of an appended intent and an appended outcome. Field names are the contract's.
import type { CredentialKind } from './people/principal.ts';

export type Decision = 'allow' | 'deny' | 'would_deny';
export type CallStatus = 'ok' | 'tool_error' | 'denied' | 'failed' | 'cancelled' | 'timeout' | 'unknown';

/** Why a call was sent to its server a second time. */
export type RetryReason = 'never_sent' | 'unauthorized' | 'session_lost' | 'read_only' | 'idempotent';

/** What a server may need of the AI client before it can answer. */
export type InputKind = 'elicitation' | 'roots' | 'sampling';

/** What the log says of a call before it is forwarded. The call is forwarded only once this is committed. */
export interface CallIntent {
  workspace_id: string;
  member_id: string | null;
  member: string | null;
  credential_kind: CredentialKind;
  credential_id: string;
  credential_label: string;
  device: string | null;
  client_name: string | null;
  client_version: string | null;
  session_id: string;
  server: string;
  method: string;
  tool_name: string | null;
  decision: Decision;
  rule: string | null;
  policy_version: number;
  request_bytes: number;
  /** SHA-256 of the argument text, hex; in the log it is keyed, so that short arguments cannot be found by trying. */
  args_digest: string | null;
  arg_keys: readonly string[];
  trace_id: string | null;
}

/** The values in the arguments of a call, as far as the record of its server has them kept. */
export interface KeptArguments {
  how: 'masked' | 'full';
  /** JSON; not to its end where it was cut. */
  text: string;
  /** How long the arguments were, in bytes. */
  bytes: number;
  isCut: boolean;
}

/** What the log says of a call once it has ended. */
export interface CallOutcome {
  status: CallStatus;
  error_code: string | null;
  latency_ms: number;
  upstream_ms: number | null;
  response_bytes: number;
  /** `name@version` of every secret that the upstream's connection was made with. */
  secret_versions: readonly string[];
  /** How often the call was handed to a connection of its server; null where that is not known. */
  attempts: number | null;
  retry_reason: RetryReason | null;
  /** How often the server needed something of the AI client before it answered the call. */
  input_rounds: number;
  /** Which kinds of input the server needed, each once. */
  input_asked: readonly InputKind[];
}

/** A call without an outcome (broker killed) reads as status `unknown`. */
export type CallRecord = { id: string; ts: string } & CallIntent &
  Omit<CallOutcome, 'latency_ms'> & { latency_ms: number | null; seq: number; prev_hash: string; hash: string };

/** Every other event of the same log: logins, rejects, revocations, administrative changes. */
export interface AuditEvent {
  workspace_id: string;
  /** Dotted, past tense: `login.approved`, `auth.rejected`, `secret.set`, `user.disabled`, `rule.added`. */
  type: string;
  /** Who did it: a user name, `grant:LABEL`, `host:USER`, `anonymous`. */
  actor: string;
  /** What it was done to: `user:ada`, `secret:github`, `server:memory`. */
  subject: string | null;
  address: string | null;
  /** Flat details; never a secret. */
  data: Readonly<Record<string, string | number | boolean | null | readonly string[]>>;
}

/** A version of a secret, as `secret_versions` names it: `github-token@3`. */
export interface CarriedVersion {
  name: string;
  version: number;
}

export function carriedVersion({ name, version }: CarriedVersion): string {
  return `${name}@${version}`;
}

/** Of a text that `carriedVersion` has written. */
export function readCarriedVersion(text: string): CarriedVersion {
  const at = text.lastIndexOf('@');
  return { name: text.slice(0, at), version: Number(text.slice(at + 1)) };
}
