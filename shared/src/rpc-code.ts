/**
 * JSON-RPC errors of mcpgate's own, the same from the broker and from `serve`: of the range that MCP leaves to implementations (2026-07-28,
 * "Error Codes"), apart from those that its SDKs use (-32001 is a time-out of their own).
 */
export const RPC_CODE = {
  /** The rules deny it; `data` says which. */
  denied: -32010,
  /** It could not be carried out; the message says why and what to do. */
  failed: -32011,
} as const;
