// A workspace has its own people, servers, secrets, rules and log.

/** The first workspace, which always exists. Its administrators administer all the others too. */
export const DEFAULT_WORKSPACE = 'default';

/** The flag that a command printed in a message needs to act on this workspace: ` --workspace NAME`, or nothing for `default`. */
export const inWorkspace = (workspaceId: string): string =>
  workspaceId === DEFAULT_WORKSPACE ? '' : ` --workspace ${workspaceId}`;

/** Which workspace people get who are known from the company's IdP or a trusted proxy. */
export interface WorkspaceSettings {
  /**
   * The workspace of everybody for whom the IdP or the proxy names none. Undefined: `default`; but where the configuration says how they name
   * workspaces, a person without one may not come in.
   */
  workspace: string | undefined;
  /** From the IdP's or the proxy's name of a workspace to that in mcpgate. Undefined: the names are the same. */
  workspaceMapping: Readonly<Record<string, string>> | undefined;
}
