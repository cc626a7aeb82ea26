// What each request from 2026-07-28 on says of its client, in `params._meta`: version, name, what the client can do, what it wants logged.
// There is no handshake, and nothing is concluded from an earlier request (schema/2026-07-28, RequestMetaObject).
import { findMember, onOneLine } from 'mcpgate-shared/json-span';
import { isRecord, stringOf, type JsonRecord } from '../../upstreams/json-rpc-guard.ts';
import { INVALID_PARAMS, type ClientRequest } from '../envelope.ts';
import { LOG_LEVELS } from '../logging.ts';

export const MODERN_VERSIONS: readonly string[] = ['2026-07-28'];
const UNSUPPORTED_PROTOCOL_VERSION = -32022;
export const PROTOCOL_VERSION_KEY = 'io.modelcontextprotocol/protocolVersion';
const CLIENT_INFO_KEY = 'io.modelcontextprotocol/clientInfo';
const CAPABILITIES_KEY = 'io.modelcontextprotocol/clientCapabilities';
const LOG_LEVEL_KEY = 'io.modelcontextprotocol/logLevel';
/** Every connection of its own keeps them. */
const MAX_CAPABILITIES_CHARS = 64 * 1024;
/** Methods that no earlier version has. */
const MODERN_METHODS: ReadonlySet<string> = new Set(['server/discover', 'subscriptions/listen']);

export interface ModernMeta {
  client: { name: string | null; version: string | null };
  capabilities: JsonRecord;
  /** As JSON text. */
  capabilitiesText: string;
  /** The least severe log message that the client wants of this request; undefined: none. */
  logLevel: string | undefined;
}

/** The JSON-RPC error that such a request is answered with. */
export interface MetaRefusal {
  code: number;
  message: string;
  data?: object;
}

/** Only clients from 2026-07-28 on say a version in each request. */
export function isModern({ method, params }: Pick<ClientRequest, 'method' | 'params'>): boolean {
  const meta = params['_meta'];
  return MODERN_METHODS.has(method) || (isRecord(meta) && PROTOCOL_VERSION_KEY in meta);
}

function unsupportedVersion(requested: string): MetaRefusal {
  return {
    code: UNSUPPORTED_PROTOCOL_VERSION,
    message: `protocol version ${JSON.stringify(requested.slice(0, 60))} is not supported without a handshake`,
    data: { supported: MODERN_VERSIONS, requested: requested.slice(0, 60) },
  };
}

export function readModernMeta(text: string, { params, paramsSpan }: ClientRequest): ModernMeta | MetaRefusal {
  const invalid = (message: string): MetaRefusal => ({ code: INVALID_PARAMS, message });
  const meta = params['_meta'];
  if (!isRecord(meta)) return invalid(`"_meta" must be an object with ${PROTOCOL_VERSION_KEY} and ${CAPABILITIES_KEY}`);
  const version = meta[PROTOCOL_VERSION_KEY];
  if (typeof version !== 'string') return invalid(`"_meta" must hold ${PROTOCOL_VERSION_KEY}, a string`);
  if (!MODERN_VERSIONS.includes(version)) return unsupportedVersion(version);
  const capabilities = meta[CAPABILITIES_KEY];
  const members = findMember(paramsSpan?.members ?? [], '_meta')?.inner?.members ?? [];
  const at = findMember(members, CAPABILITIES_KEY);
  if (!isRecord(capabilities) || at === undefined) return invalid(`"_meta" must hold ${CAPABILITIES_KEY}, an object`);
  if (at.end - at.start > MAX_CAPABILITIES_CHARS) return invalid(`${CAPABILITIES_KEY} is too long`);
  const client = meta[CLIENT_INFO_KEY];
  if (client !== undefined && !isRecord(client)) return invalid(`${CLIENT_INFO_KEY} must be an object`);
  const logLevel = meta[LOG_LEVEL_KEY];
  if (logLevel !== undefined && (typeof logLevel !== 'string' || !LOG_LEVELS.includes(logLevel))) {
    return invalid(`${LOG_LEVEL_KEY} must be one of ${LOG_LEVELS.join(', ')}`);
  }
  return {
    client: {
      name: stringOf(client?.['name'])?.slice(0, 200) ?? null,
      version: stringOf(client?.['version'])?.slice(0, 200) ?? null,
    },
    capabilities,
    capabilitiesText: onOneLine(text.slice(at.start, at.end)),
    logLevel,
  };
}
