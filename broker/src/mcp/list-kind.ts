// The names of the four lists that MCP servers have; used by everything that reads, keeps or announces a list.

/**
 * The four lists of a server: `tools/list`, `prompts/list`, `resources/list`, `resources/templates/list`. Rules for resources hold for
 * templates.
 */
export type ListKind = 'tools' | 'prompts' | 'resources' | 'templates';
