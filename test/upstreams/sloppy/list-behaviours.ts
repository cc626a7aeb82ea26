// Servers whose lists, pages and capabilities are not as they should be.
import type { Behaviour, Got, Said } from './behaviour.ts';

const SCHEMA = '{"type":"object"}';

/** Its tools are these, as they are written. */
function tools(...entries: string[]): Behaviour {
  return {
    answer: ({ method }) => (method === 'tools/list' ? { result: `{"tools":[${entries.join(',')}]}` } : undefined),
  };
}

/** Answers one method, by how often it was asked before. */
function pages(method: string, said: (got: Got) => Said): Behaviour {
  return { answer: (got) => (got.method === method ? said(got) : undefined) };
}

const tool = (name: string) => `{"name":"${name}","inputSchema":${SCHEMA}}`;

export const LISTS = {
  'null-description': tools(tool('good'), `{"name":"odd","description":null,"inputSchema":${SCHEMA}}`),
  'no-input-schema': tools(tool('good'), '{"name":"odd"}'),
  'cursor-empty': pages('tools/list', () => ({ result: `{"tools":[${tool('good')}],"nextCursor":""}` })),
  'cursor-null': pages('tools/list', () => ({ result: `{"tools":[${tool('good')}],"nextCursor":null}` })),
} satisfies Readonly<Record<string, Behaviour>>;
