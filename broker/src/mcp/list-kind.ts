/**
 * The four lists of a server: `tools/list`, `prompts/list`, `resources/list`, `resources/templates/list`. Rules for resources hold for
 * templates.
 */
export type ListKind = 'tools' | 'prompts' | 'resources' | 'templates';
