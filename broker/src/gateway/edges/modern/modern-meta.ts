// Reads what each request from 2026-07-28 on says of its client in `params._meta`: protocol version, name, capabilities and log level. There is
// no handshake, and nothing carries over from an earlier request (schema/2026-07-28, RequestMetaObject).
import { RPC_CODE } from 'mcpgate-shared/mcp/rpc-code';
import { findMember } from 'mcpgate-shared/mcp/json-span';
import { MODERN_VERSION, REQUEST_META } from 'mcpgate-shared/mcp/protocol-version';
import { LOG_LEVELS } from '../../../upstreams/session/tidy/notification.ts';
import { isRecord, stringOf, type JsonRecord } from '../../../mcp/json-rpc-guard.ts';
import { keptCapabilities, present } from '../null-members.ts';
import type { Request } from '../../request.ts';

/** Methods that earlier versions do not have. */
const MODERN_METHODS: ReadonlySet<string> = new Set(['server/discover', 'subscriptions/listen']);

export interface ModernMeta {
  client: { name: string | null; version: string | null };
  capabilities: JsonRecord;
  /** The client's capabilities, as JSON text. */
  capabilitiesText: string;
  /** The least severe level of log messages that the client wants during this request; undefined: it wants none. */
  logLevel: string | undefined;
}

/** The JSON-RPC error for a request whose `_meta` is not valid. */
export interface MetaRefusal {
  code: number;
  message: string;
  data?: object;
}

/** Whether a request is one of 2026-07-28 or later: only those name a version in `_meta`. */
export function isModern({ method, params }: Pick<Request, 'method' | 'params'>): boolean {
  const meta = params['_meta'];
  return MODERN_METHODS.has(method) || (isRecord(meta) && present(meta, REQUEST_META.protocolVersion) !== undefined);
}

function unsupportedVersion(requested: string): MetaRefusal {
  return {
    code: RPC_CODE.unsupportedProtocolVersion,
    message: `protocol version ${JSON.stringify(requested.slice(0, 60))} is not supported without a handshake`,
    data: { supported: [MODERN_VERSION], requested: requested.slice(0, 60) },
  };
}

export function readModernMeta({ text, params, paramsSpan }: Request): ModernMeta | MetaRefusal {
  const invalid = (message: string): MetaRefusal => ({ code: RPC_CODE.invalidParams, message });
  const meta = params['_meta'];
  if (!isRecord(meta))
    return invalid(
      `"_meta" must be an object with ${REQUEST_META.protocolVersion} and ${REQUEST_META.clientCapabilities}`,
    );
  const version = meta[REQUEST_META.protocolVersion];
  if (typeof version !== 'string') return invalid(`"_meta" must hold ${REQUEST_META.protocolVersion}, a string`);
  if (version !== MODERN_VERSION) return unsupportedVersion(version);
  const capabilities = meta[REQUEST_META.clientCapabilities];
  const members = findMember(paramsSpan?.members ?? [], '_meta')?.inner?.members ?? [];
  const at = findMember(members, REQUEST_META.clientCapabilities);
  if (!isRecord(capabilities) || at === undefined)
    return invalid(`"_meta" must hold ${REQUEST_META.clientCapabilities}, an object`);
  const client = present(meta, REQUEST_META.clientInfo);
  if (client !== undefined && !isRecord(client)) return invalid(`${REQUEST_META.clientInfo} must be an object`);
  const logLevel = present(meta, REQUEST_META.logLevel);
  if (logLevel !== undefined && (typeof logLevel !== 'string' || !LOG_LEVELS.includes(logLevel))) {
    return invalid(`${REQUEST_META.logLevel} must be one of ${LOG_LEVELS.join(', ')}`);
  }
  return {
    client: {
      name: stringOf(client?.['name']) ?? null,
      version: stringOf(client?.['version']) ?? null,
    },
    capabilities,
    capabilitiesText: keptCapabilities(text.slice(at.start, at.end), capabilities),
    logLevel,
  };
}
