/** What servers list: `tools/list`, `prompts/list`, `resources/list`, `resources/templates/list`. A template is judged like a resource. */
export type ListKind = 'tools' | 'prompts' | 'resources' | 'templates';
