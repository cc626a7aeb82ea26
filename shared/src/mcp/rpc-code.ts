/** Codes of JSON-RPC errors, the same from the broker and from `serve`. */
export const RPC_CODE = {
  // JSON-RPC 2.0, section 5.1.
  parseError: -32700,
  invalidRequest: -32600,
  methodNotFound: -32601,
  invalidParams: -32602,
  internalError: -32603,
  /** Of the range that JSON-RPC leaves to servers: what there is no other code for. */
  serverError: -32000,
  /** Of the official SDKs: the session is not known, or an answer took too long. */
  unknownSession: -32001,
  /** MCP 2025-11-25, server/resources, "Error Handling". */
  resourceNotFound: -32002,
  // MCP 2026-07-28, "Error Codes".
  headerMismatch: -32020,
  missingClientCapability: -32021,
  unsupportedProtocolVersion: -32022,
  /** Of the Language Server Protocol, which official SDKs took it from. */
  cancelled: -32800,
  // Of mcpgate's own: of the range that MCP leaves to implementations, apart from those that its SDKs use.
  /** The rules deny it; `data` says which. */
  denied: -32010,
  /** It could not be carried out; the message says why and what to do. */
  failed: -32011,
} as const;
