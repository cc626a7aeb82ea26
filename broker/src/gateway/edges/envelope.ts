// Reads a client's JSON-RPC message: what kind it is, and where its parts stand in the text. Messages that JSON parsers may read differently
// (duplicate keys, or keys that some parser takes for another one) are refused, so that the policy and the server cannot see different calls.
import { RPC_CODE } from 'mcpgate-shared/mcp/rpc-code';
import { BATCH_VERSION } from 'mcpgate-shared/mcp/protocol-version';
import { findMember, scanObject, type JsonObject } from 'mcpgate-shared/mcp/json-span';
import { withoutNulls } from './null-members.ts';
import { parseJson } from 'mcpgate-shared/mcp/parse-json';
import { duplicateKey } from '../../mcp/duplicate-key.ts';
import { MESSAGE_KEYS } from './methods.ts';
import { ID_MAX_CHARS, tooLong } from './request-bounds.ts';
import type { Request } from '../request.ts';
import { isRecord, type JsonRecord } from '../../mcp/json-rpc-guard.ts';

export interface ClientRequest extends Request {
  kind: 'request';
  id: string | number;
  /** The id as the client wrote it, JSON text. */
  idText: string;
}

export interface ClientNotification {
  kind: 'notification';
  method: string;
  params: JsonRecord;
  paramsSpan: JsonObject | undefined;
}

export type Envelope =
  | ClientRequest
  | ClientNotification
  /** The client's answer to a question of a server. */
  | { kind: 'response' }
  | { kind: 'invalid'; idText: string; code: number; message: string };

const EMPTY: JsonRecord = {};

export function readEnvelope(text: string): Envelope {
  let message: unknown;
  try {
    message = parseJson(text);
  } catch {
    return { kind: 'invalid', idText: 'null', code: RPC_CODE.parseError, message: 'the message is not valid JSON' };
  }
  if (!isRecord(message)) {
    const what = Array.isArray(message)
      ? `batches are of protocol version ${BATCH_VERSION} alone; send each message by itself`
      : 'a message is an object';
    return { kind: 'invalid', idText: 'null', code: RPC_CODE.invalidRequest, message: what };
  }
  const span = scanObject(text, 0, PATH);
  const id = message['id'];
  const hasId = typeof id === 'string' || typeof id === 'number';
  const idAt = hasId ? findMember(span.members, 'id') : undefined;
  const idText = idAt === undefined ? 'null' : text.slice(idAt.start, idAt.end);
  const told = idText.length <= ID_MAX_CHARS ? idText : 'null';
  const invalid = (why: string): Envelope & { kind: 'invalid' } => ({
    kind: 'invalid',
    idText: told,
    code: RPC_CODE.invalidRequest,
    message: why,
  });

  if (span.duplicate !== undefined)
    return invalid(`${JSON.stringify(span.duplicate.slice(0, 100))} stands twice in the message`);
  const mistakable = MESSAGE_KEYS.mistakable(span.members);
  if (mistakable !== undefined)
    return invalid(`${JSON.stringify(mistakable.slice(0, 100))} may be taken for another member of the message`);
  const method = message['method'];
  if (method === undefined && ('result' in message || 'error' in message)) return { kind: 'response' };
  if (message['jsonrpc'] !== '2.0') return invalid('"jsonrpc" must be "2.0"');
  if (typeof method !== 'string') return invalid('"method" must be a string');
  const isNotice = id === null && method.startsWith('notifications/');
  if ('id' in message && !hasId && !isNotice) return invalid('"id" must be a string or a number');
  const params = message['params'] ?? EMPTY;
  if (!isRecord(params)) return invalid('"params" must be an object');
  const paramsSpan = findMember(span.members, 'params')?.inner;
  const long = tooLong(idText, method, params, paramsSpan);
  if (long !== undefined) return { ...invalid(long), code: RPC_CODE.invalidParams };
  const twice = paramsSpan && duplicateKey(text, paramsSpan.start, paramsSpan.end);
  if (twice !== undefined) return invalid(`${JSON.stringify(twice.slice(0, 100))} stands twice in the params`);
  if (!hasId) return { kind: 'notification', method, params, paramsSpan };
  return { kind: 'request', id, idText, method, text, ...withoutNulls(method, { params, paramsSpan }) };
}

const PATH = ['params', '_meta'];
