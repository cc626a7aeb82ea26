// What mcpgate declares of MCP Apps on connections that people share: a server may offer the tools of its apps only to clients that can open them
// (SEP-1865, "Server Behavior"). Clients that cannot take no notice of what such a tool has besides.

/** A member of a client's capabilities, as JSON text. */
export const OF_APPS = '"extensions":{"io.modelcontextprotocol/ui":{"mimeTypes":["text/html;profile=mcp-app"]}}';
