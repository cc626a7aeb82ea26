// The codes of JSON-RPC errors, for everything that writes or reads one: the broker, `serve` and the commands that speak MCP.

/** The codes of JSON-RPC errors that the broker and `serve` use. */
export const RPC_CODE = {
  // JSON-RPC 2.0, section 5.1.
  parseError: -32700,
  invalidRequest: -32600,
  methodNotFound: -32601,
  invalidParams: -32602,
  internalError: -32603,
  /** For errors without a code of their own; from the range that JSON-RPC leaves to servers. */
  serverError: -32000,
  /** Used by the official SDKs where a session is not known or an answer takes too long. */
  unknownSession: -32001,
  /** MCP 2025-11-25, server/resources, "Error Handling". */
  resourceNotFound: -32002,
  /** MCP 2025-11-25, client/elicitation, "URL Elicitation Required Error"; gone in 2026-07-28. */
  urlElicitationRequired: -32042,
  // MCP 2026-07-28, "Error Codes".
  headerMismatch: -32020,
  missingClientCapability: -32021,
  unsupportedProtocolVersion: -32022,
  /** From the Language Server Protocol; official SDKs use it too. */
  cancelled: -32800,
  // mcpgate's own codes, from the range that MCP leaves to implementations and that its SDKs do not use.
  /** The rules deny the request; `data` says which rule. */
  denied: -32010,
  /** The request could not be carried out; the message says why and what to do. */
  failed: -32011,
} as const;
