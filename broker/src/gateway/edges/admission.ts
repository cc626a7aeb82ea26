// Refuses messages of clients that are not in the tables of methods.ts. This only looks at the form of a message, before the rules are asked.
import { RPC_CODE } from 'mcpgate-shared/mcp/rpc-code';
import { findMember, onOneLine, type JsonMember } from 'mcpgate-shared/mcp/json-span';
import type { ServerFacts } from '../../upstreams/upstream.ts';
import { type ClientNotification, type ClientRequest } from './envelope.ts';
import { errorReply, type Answer } from '../reply.ts';
import { META_KEYS, NOTIFICATIONS, REQUESTS, type NotificationMethod } from './methods.ts';

/** Why a message was refused or dropped: the label under which it is counted. */
export type RefusedReason =
  /** A request with a method that is not in the tables, or that the client's generation of MCP does not have. */
  | 'unknown_method'
  /** A key that some JSON parsers take for another one (`folded-key.ts`). */
  | 'mistakable_key'
  /** A notification that is not in the tables, or whose members do not have the right types. */
  | 'dropped_notification'
  /** A name or URI that no server has. */
  | 'unknown_name'
  /** A task that is not the caller's. */
  | 'unknown_task';

export interface RefusedRequest {
  reason: RefusedReason;
  code: number;
  message: string;
}

/** The error for a request that is refused; undefined: it may go on. */
export function refusedRequest(
  { method, paramsSpan }: Pick<ClientRequest, 'method' | 'paramsSpan'>,
  generation: ServerFacts['generation'],
): RefusedRequest | undefined {
  const known = REQUESTS.get(method);
  if (known === undefined) return notOffered(method);
  if (known.generation !== 'both' && known.generation !== generation)
    return unknownMethod(`${method} is no request of this version of MCP`);
  const key = mistakableKey(paramsSpan?.members ?? [], known);
  return key === undefined
    ? undefined
    : { reason: 'mistakable_key', code: RPC_CODE.invalidParams, message: mistakable(key) };
}

export function refusedReply({ code, message }: RefusedRequest): Answer {
  return errorReply(code, message);
}

export function notOffered(method: string): RefusedRequest {
  return unknownMethod(`mcpgate does not offer ${JSON.stringify(method.slice(0, 100))}`);
}

const unknownMethod = (message: string): RefusedRequest => ({
  reason: 'unknown_method',
  code: RPC_CODE.methodNotFound,
  message,
});

/** The error message for a key that may be taken for another one. */
export function mistakable(key: string): string {
  return `${JSON.stringify(key.slice(0, 100))} may be taken for another member; send each under its own name`;
}

function mistakableKey(
  members: readonly JsonMember[],
  { params }: Pick<NotificationMethod, 'params'>,
): string | undefined {
  return params.mistakable(members) ?? META_KEYS.mistakable(findMember(members, '_meta')?.inner?.members ?? []);
}

export type AdmittedNotification =
  /** `paramsText`: the members that the method has, as the client wrote them; undefined where there are none. */
  { kind: 'pass'; paramsText: string | undefined } | { kind: 'dropped' };

const DROPPED: AdmittedNotification = { kind: 'dropped' };

export function admitNotification(
  { method, params, paramsSpan }: ClientNotification,
  text: string,
): AdmittedNotification {
  const known = NOTIFICATIONS.get(method);
  if (known === undefined) return DROPPED;
  const fits = (fields: NotificationMethod['required'], isOptional: boolean) =>
    Object.entries(fields).every(
      ([key, field]) => (isOptional && params[key] === undefined) || isField(params[key], field),
    );
  if (!fits(known.required, false) || !fits(known.optional, true)) return DROPPED;
  if (paramsSpan === undefined) return { kind: 'pass', paramsText: undefined };
  if (mistakableKey(paramsSpan.members, known) !== undefined) return DROPPED;
  const kept = paramsSpan.members.filter(({ key }) => known.params.has(key));
  return { kind: 'pass', paramsText: onOneLine(`{${kept.map((each) => memberText(text, each)).join(',')}}`) };
}

function memberText(text: string, { key, start, end }: JsonMember): string {
  return `${JSON.stringify(key)}:${text.slice(start, end)}`;
}

function isField(value: unknown, field: NotificationMethod['required'][string]): boolean {
  if (field === 'id') return typeof value === 'string' || typeof value === 'number';
  if (field === 'number') return typeof value === 'number';
  return field === 'any' ? value !== undefined : typeof value === 'string';
}
