// A workspace has its own people, servers, secrets, rules and log.

/** There from the start, for good: its administrators see to the other workspaces. */
export const DEFAULT_WORKSPACE = 'default';
