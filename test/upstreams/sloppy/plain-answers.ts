// What the server says where its behaviour says nothing: one entry in each list, and a tool that counts how often it was called.
import type { Got, Said } from './behaviour.ts';

const RESULTS: Readonly<Record<string, string>> = {
  ping: '{}',
  'tools/list':
    '{"tools":[{"name":"echo","inputSchema":{"type":"object"}},{"name":"count","inputSchema":{"type":"object"}}]}',
  'prompts/list': '{"prompts":[{"name":"greet"}]}',
  'prompts/get': '{"messages":[]}',
  'resources/list': '{"resources":[{"uri":"doc:one","name":"one"}]}',
  'resources/templates/list': '{"resourceTemplates":[{"uriTemplate":"doc:{name}","name":"doc"}]}',
};

export interface PlainServer {
  /** Names of the tools that were called, in order. */
  readonly executed: readonly string[];
  answer(got: Got): Said;
}

export function createPlainServer(): PlainServer {
  const executed: string[] = [];
  return {
    executed,
    answer({ method, params }) {
      if (method === 'initialize') {
        const result = {
          protocolVersion: '2025-11-25',
          capabilities: { tools: {}, prompts: {}, resources: {} },
          serverInfo: { name: 'sloppy', version: '1' },
        };
        return { result: JSON.stringify(result) };
      }
      if (method === 'tools/call') {
        executed.push(String(params['name']));
        const { text } = (params['arguments'] ?? {}) as { text?: string };
        return { result: JSON.stringify({ content: [{ type: 'text', text: text ?? String(executed.length) }] }) };
      }
      if (method === 'resources/read') {
        return { result: JSON.stringify({ contents: [{ uri: params['uri'], text: 'read' }] }) };
      }
      const result = RESULTS[method ?? ''];
      return result === undefined ? { error: '{"code":-32601,"message":"Method not found"}' } : { result };
    },
  };
}
