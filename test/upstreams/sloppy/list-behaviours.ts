// Servers whose lists, pages, capabilities and introductions are not as they should be. Each has something good too.
import type { Behaviour, Got, Said } from './behaviour.ts';

const SCHEMA = '{"type":"object"}';
export const GOOD_TOOL = `{"name":"good","description":"as it should be","inputSchema":{"type":"object","properties":{"n":{"maximum":12345678901234567890}}}}`;
const tool = (name: string) => `{"name":${JSON.stringify(name)},"inputSchema":${SCHEMA}}`;

/** Its tools are these, as they are written, after a good one. */
function tools(...entries: string[]): Behaviour {
  return answers('tools/list', () => ({ result: `{"tools":[${[GOOD_TOOL, ...entries].join(',')}]}` }));
}

function answers(method: string, said: (got: Got) => Said): Behaviour {
  return { answer: (got) => (got.method === method ? said(got) : undefined) };
}

/** Its first page has a good tool, and ends so; what it says after that. */
function firstPage(end: string, later: (got: Got) => Said = () => ({ result: '{"tools":[]}' })): Behaviour {
  return answers('tools/list', (got) =>
    'cursor' in got.params ? later(got) : { result: `{"tools":[${GOOD_TOOL}]${end}}` },
  );
}

/** What it says of itself in `initialize`, as it is written. */
function introduces(said: string): Behaviour {
  return {
    answer: ({ method }) =>
      method === 'initialize'
        ? { result: `{"protocolVersion":"2025-11-25",${said}}` }
        : method === 'tools/list'
          ? { result: `{"tools":[${GOOD_TOOL}]}` }
          : undefined,
  };
}

const INFO = '"serverInfo":{"name":"sloppy","version":"1"}';
const next = (cursor: unknown) => `,"nextCursor":${JSON.stringify(cursor)}`;

/** Past the size from which answers are read in parts. */
const LONG = 'word '.repeat(150_000);

/** What its tool answers is no list of blocks. */
export const CONTENT = {
  'content-text': answers('tools/call', () => ({ result: '{"content":"hi"}' })),
  'content-null': answers('tools/call', () => ({ result: '{"content":null,"answer":{"said":"hi"}}' })),
  'content-large-text': answers('tools/call', () => ({ result: `{"content":"hi ${LONG}"}` })),
  'content-large-rows': answers('tools/call', () => ({ result: `{"content":[{"rows":["hi","${LONG}"]}]}` })),
  'result-text': answers('tools/call', () => ({ result: '"hi"' })),
} satisfies Readonly<Record<string, Behaviour>>;

export const LISTS = {
  'null-description': tools(`{"name":"odd","description":null,"inputSchema":${SCHEMA}}`),
  'no-input-schema': tools('{"name":"odd"}'),
  'nullable-schema': tools('{"name":"odd","inputSchema":{"type":["object","null"],"properties":[]}}'),
  'null-annotations': tools(`{"name":"odd","annotations":null,"icons":null,"_meta":null,"inputSchema":${SCHEMA}}`),
  'pattern-of-python': tools(
    `{"name":"odd","inputSchema":${SCHEMA},"outputSchema":{"type":"object","properties":{"a":{"pattern":"(?i)x"}}}}`,
  ),
  'entry-without-name': tools(`{"inputSchema":${SCHEMA}}`),
  'entry-null': tools('null', '7', '[]'),
  'arguments-that-are-text': tools('{"name":"odd","inputSchema":{"type":"string"}}'),
  'odd-prompts': answers('prompts/list', () => ({
    result:
      '{"prompts":[{"name":"good","arguments":[{"name":"a"}]},{"name":"odd","description":null,"arguments":null},{}]}',
  })),
  'odd-resources': answers('resources/list', () => ({
    result:
      '{"resources":[{"uri":"doc:good","name":"good"},{"uri":"doc:odd","mimeType":null,"size":null,"annotations":null}]}',
  })),
  'odd-templates': answers('resources/templates/list', () => ({
    result:
      '{"resourceTemplates":[{"uriTemplate":"good:{a}","name":"good"},{"uriTemplate":"odd:{a}","description":null}]}',
  })),

  'cursor-empty': firstPage(next('')),
  'cursor-null': firstPage(next(null)),
  'cursor-number': firstPage(next(2), () => ({ result: `{"tools":[${tool('second')}]}` })),
  'cursor-object': firstPage(next({})),
  'cursor-repeats': firstPage(next('a'), () => ({ result: `{"tools":[${tool('second')}],"nextCursor":"a"}` })),
  'cursor-circle': firstPage(next('a'), ({ params }) => ({
    result: `{"tools":[${tool(`page ${String(params['cursor'])}`)}],"nextCursor":"${params['cursor'] === 'a' ? 'b' : 'a'}"}`,
  })),
  'cursor-without-end': firstPage(next(0), ({ earlier }) => ({
    result: `{"tools":[${GOOD_TOOL}],"nextCursor":"${earlier}"}`,
  })),
  'page-2-error': firstPage(next('a'), () => ({ error: '{"code":-32603,"message":"the database is away"}' })),
  'page-2-garbage': firstPage(next('a'), () => ({ result: '{"tools":{"not":"a list"}}' })),
  'page-2-unanswered': firstPage(next('a'), () => 'nothing'),
  'list-is-null': answers('tools/list', () => ({ result: '{"tools":null}' })),
  'list-is-missing': answers('tools/list', () => ({ result: '{}' })),
  'list-is-an-object': answers('tools/list', () => ({ result: '{"tools":{}}' })),

  'capabilities-lists': introduces(`"capabilities":{"tools":[],"prompts":[],"resources":[]},${INFO}`),
  'capabilities-true': introduces(`"capabilities":{"tools":true,"prompts":"yes","resources":1,"logging":null},${INFO}`),
  'capabilities-none': introduces(`"capabilities":{},${INFO}`),
  'capabilities-missing': introduces(INFO),
  'capabilities-null': introduces(`"capabilities":null,${INFO}`),
  'tools-undeclared': introduces(`"capabilities":{"prompts":{}},${INFO}`),
  'prompts-unknown': {
    answer: ({ method }) =>
      method === 'prompts/list' ? { error: '{"code":-32601,"message":"Method not found"}' } : undefined,
  },
  'introduction-odd': introduces(
    '"capabilities":{"tools":{"listChanged":"yes"},"experimental":[]},"serverInfo":{"name":null,"version":2,"icons":null},"instructions":{"a":1}',
  ),
  'introduction-missing': introduces('"capabilities":{"tools":{}}'),
} satisfies Readonly<Record<string, Behaviour>>;
