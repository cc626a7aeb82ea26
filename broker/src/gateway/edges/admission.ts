// Which messages of a client go on at all, by the tables of methods; here nobody is known yet, and nothing judged.
import { RPC_CODE } from 'mcpgate-shared/mcp/rpc-code';
import { findMember, onOneLine, type JsonMember } from 'mcpgate-shared/mcp/json-span';
import type { ServerFacts } from '../../upstreams/upstream.ts';
import { type ClientNotification, type ClientRequest } from './envelope.ts';
import { errorReply, type Answer } from '../reply.ts';
import { META_KEYS, NOTIFICATIONS, REQUESTS, type NotificationMethod } from './methods.ts';

/** Why a message went nowhere; counted by it. */
export type RefusedReason =
  /** A request that no table has, or one of the other generation. */
  | 'unknown_method'
  /** A key that some reader takes for another one. */
  | 'mistakable_key'
  /** A notification that no table has, or whose members are not what they must be. */
  | 'dropped_notification'
  /** A name that nothing has. */
  | 'unknown_name'
  /** A task that is not the caller's. */
  | 'unknown_task';

export interface RefusedRequest {
  reason: RefusedReason;
  code: number;
  message: string;
}

/** Undefined: it may go on. */
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

/** What is said of such a key. */
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
  /** `paramsText`: the members that the method knows, as they were written; undefined where it has none. */
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
