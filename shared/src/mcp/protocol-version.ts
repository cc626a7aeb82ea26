// The versions of MCP that mcpgate speaks with AI clients and servers, and the keys of `_meta` that 2026-07-28 defines.

/** The versions with a handshake (`initialize`), oldest first. */
export const LEGACY_VERSIONS: readonly string[] = [
  '2024-10-07',
  '2024-11-05',
  '2025-03-26',
  '2025-06-18',
  '2025-11-25',
];
export const LATEST_LEGACY_VERSION = '2025-11-25';
/** The only version with JSON-RPC batches. */
export const BATCH_VERSION = '2025-03-26';
/** The version without a handshake: every request names it. */
export const MODERN_VERSION = '2026-07-28';

/** The version to answer an `initialize` with that asks for `asked`: the same one, or the latest where mcpgate does not know it. */
export function legacyVersionFor(asked: unknown): string {
  return typeof asked === 'string' && LEGACY_VERSIONS.includes(asked) ? asked : LATEST_LEGACY_VERSION;
}

/** Keys in `_meta` of a request of MODERN_VERSION that describe its client (schema/2026-07-28, RequestMetaObject). */
export const REQUEST_META = {
  protocolVersion: 'io.modelcontextprotocol/protocolVersion',
  clientInfo: 'io.modelcontextprotocol/clientInfo',
  clientCapabilities: 'io.modelcontextprotocol/clientCapabilities',
  logLevel: 'io.modelcontextprotocol/logLevel',
} as const;

/** Keys in `_meta` of its results and notifications. */
export const ANSWER_META = {
  serverInfo: 'io.modelcontextprotocol/serverInfo',
  subscriptionId: 'io.modelcontextprotocol/subscriptionId',
} as const;

/** The key in `_meta` that says which task a message is about (2025-11-25). */
export const RELATED_TASK = 'io.modelcontextprotocol/related-task';
