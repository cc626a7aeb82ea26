// Bundles: curated sets of tools, with names, texts and fixed arguments of their own, as stored and as the gateway shows them.

/** One tool of a bundle. */
export interface BundleTool {
  /** The id of its server, which stays when that is renamed. */
  serverId: string;
  /** The server's present name; null: it is removed, and the tool is not shown. */
  server: string | null;
  /** The server's own name of the tool. */
  tool: string;
  /** What clients see: `[a-zA-Z0-9_-]{1,50}`, once in a bundle. */
  name: string;
  /** Stands for the server's description; null: that one is shown. */
  description: string | null;
  /** Arguments that every call gets and no client sees, by their names. Never a secret. */
  fixed: Readonly<Record<string, unknown>>;
}

export interface Bundle {
  /** Shares one namespace with the names of servers. */
  name: string;
  /** What it is for; clients get it as instructions. */
  description: string | null;
  tools: readonly BundleTool[];
  /** The groups whose people get it where they do not ask for anything else. */
  groups: readonly string[];
  /** The configuration that it stands in, where one does. */
  managedBy?: string;
  createdAt: number;
  updatedAt: number;
  createdBy: string;
}

/** The names that a tool in a bundle may have. */
export const BUNDLE_TOOL_NAME = /^[a-zA-Z0-9_-]{1,50}$/;
