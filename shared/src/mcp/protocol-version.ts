// The versions of MCP that mcpgate speaks, towards AI clients and servers alike, and the keys that those of 2026-07-28 put into `_meta`.

/** With a handshake (`initialize`), oldest first. */
export const LEGACY_VERSIONS: readonly string[] = [
  '2024-10-07',
  '2024-11-05',
  '2025-03-26',
  '2025-06-18',
  '2025-11-25',
];
export const LATEST_LEGACY_VERSION = '2025-11-25';
/** The only one that has JSON-RPC batches. */
export const BATCH_VERSION = '2025-03-26';
/** Without a handshake: every request says it. */
export const MODERN_VERSION = '2026-07-28';

/** The version that answers an `initialize` asking for `asked`: that one, or the latest where it is none with a handshake. */
export function legacyVersionFor(asked: unknown): string {
  return typeof asked === 'string' && LEGACY_VERSIONS.includes(asked) ? asked : LATEST_LEGACY_VERSION;
}

/** What a request of MODERN_VERSION says of its client (schema/2026-07-28, RequestMetaObject). */
export const REQUEST_META = {
  protocolVersion: 'io.modelcontextprotocol/protocolVersion',
  clientInfo: 'io.modelcontextprotocol/clientInfo',
  clientCapabilities: 'io.modelcontextprotocol/clientCapabilities',
  logLevel: 'io.modelcontextprotocol/logLevel',
} as const;

/** What its results and notifications say. */
export const ANSWER_META = {
  serverInfo: 'io.modelcontextprotocol/serverInfo',
  subscriptionId: 'io.modelcontextprotocol/subscriptionId',
} as const;

/** Says which task a message is about (2025-11-25). */
export const RELATED_TASK = 'io.modelcontextprotocol/related-task';
