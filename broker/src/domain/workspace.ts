// A workspace has its own people, servers, secrets, rules and log.

/** There from the start, for good: its administrators see to the other workspaces. */
export const DEFAULT_WORKSPACE = 'default';

/** What a command that a message prints needs besides, so that it works there: empty for `default`, where it needs nothing. */
export const inWorkspace = (workspaceId: string): string =>
  workspaceId === DEFAULT_WORKSPACE ? '' : ` --workspace ${workspaceId}`;

/** Into which workspace a system that vouches for people puts them. */
export interface WorkspaceSettings {
  /** Everybody's; where the system is asked for it, theirs for whom it names none. Undefined: `default`, or where it is asked, nobody's. */
  workspace: string | undefined;
  /** What the system calls it to its name here; undefined: by the same names. */
  workspaceMapping: Readonly<Record<string, string>> | undefined;
}
