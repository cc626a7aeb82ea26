// An MCP server of 2026-07-28 on the official v2 SDK that asks, tells, logs and waits, for tests of whoever is its client.
import {
  acceptedContent,
  inputRequired,
  inputResponse,
  McpServer,
  ResourceTemplate,
  type CallToolResult,
} from '@modelcontextprotocol/server';
import { z } from 'zod';
import { EVENTS, type ModernEvents } from './modern-events.ts';

/** What the server tells subscribers; over stdio its own notifications do. */
export interface Changes {
  toolsChanged(): void;
  resourceUpdated(uri: string): void;
}

export interface ModernServerOptions {
  changes?: Changes;
  /** Tools that came to be since it was started; `header`: `moving` wants one. */
  grown: Set<string>;
  /** Told what happens inside. */
  note: (what: string) => void;
  /** How long its list of tools keeps. */
  toolsTtlMs?: number;
  events?: ModernEvents;
}

const text = (value: string): CallToolResult => ({ content: [{ type: 'text', text: value }] });
const NONE = z.object({});

export function createModernServer({
  changes,
  grown,
  note,
  toolsTtlMs = 300_000,
  events,
}: ModernServerOptions): McpServer {
  const server = new McpServer(
    { name: 'modern', title: 'Modern', version: '1.0.0' },
    {
      capabilities: {
        tools: { listChanged: true },
        resources: { subscribe: true, listChanged: true },
        logging: {},
        ...(events !== undefined && { extensions: { [EVENTS]: {} } }),
      },
      instructions: 'Speaks 2026-07-28.',
      cacheHints: { 'tools/list': { ttlMs: toolsTtlMs, cacheScope: 'public' } },
    },
  );
  events?.offer(server);
  server.registerTool('echo', { description: 'Says it.', inputSchema: z.object({ text: z.string() }) }, (args) =>
    text(args.text),
  );
  server.registerTool('who', { description: 'Says who asks.', inputSchema: NONE }, (_args, { mcpReq }) =>
    text(JSON.stringify(mcpReq.envelope ?? null)),
  );
  server.registerTool('ask', { description: 'Asks for a name.', inputSchema: NONE }, (_args, { mcpReq }) => {
    const answer = acceptedContent(mcpReq.inputResponses, 'who', z.object({ name: z.string() }));
    const made = inputResponse(mcpReq.inputResponses, 'poem');
    const roots = inputResponse(mcpReq.inputResponses, 'places');
    if (answer !== undefined && made.kind === 'sampling' && roots.kind === 'roots') {
      return text(
        `${answer.name}: ${JSON.stringify(made.result.content)} at ${roots.roots.map(({ uri }) => uri).join(' ')}`,
      );
    }
    note('asked');
    return inputRequired({
      inputRequests: {
        who: inputRequired.elicit({
          message: 'Who are you?',
          requestedSchema: { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] },
        }),
        poem: inputRequired.createMessage({
          messages: [{ role: 'user', content: { type: 'text', text: 'a poem' } }],
          maxTokens: 10,
        }),
        places: inputRequired.listRoots(),
      },
    });
  });
  server.registerTool('insist', { description: 'Never has enough.', inputSchema: NONE }, () => {
    note('insisted');
    return inputRequired({ inputRequests: { places: inputRequired.listRoots() } });
  });
  server.registerTool('log', { description: 'Logs.', inputSchema: NONE }, async (_args, { mcpReq }) => {
    await mcpReq.log('warning', 'a warning of this call');
    return text('logged');
  });
  server.registerTool(
    'progress',
    { description: 'Tells how far it is.', inputSchema: NONE },
    async (_args, { mcpReq }) => {
      const progressToken = mcpReq._meta?.progressToken;
      if (progressToken !== undefined) {
        await mcpReq.notify({ method: 'notifications/progress', params: { progressToken, progress: 1, total: 2 } });
      }
      return text('done');
    },
  );
  server.registerTool(
    'hang',
    { description: 'Waits until it is cancelled.', inputSchema: NONE },
    (_args, { mcpReq }) => {
      note('hanging');
      return new Promise<CallToolResult>((resolve) => {
        mcpReq.signal.addEventListener('abort', () => {
          note('cancelled');
          resolve(text('cancelled'));
        });
      });
    },
  );
  const plain = z.string();
  const region = plain.meta({ 'x-mcp-header': 'Region' });
  server.registerTool('regional', { description: 'Is of a region.', inputSchema: z.object({ region }) }, (args) =>
    text(args.region),
  );
  const moving = z.object({ region: grown.has('header') ? region : plain });
  server.registerTool('moving', { description: 'Comes to want a header.', inputSchema: moving }, (args) =>
    text(args.region),
  );
  server.registerTool('grow', { description: 'Gets another tool.', inputSchema: NONE }, () => {
    grown.add('grown');
    if (changes === undefined)
      server.registerTool('grown', { description: 'New.', inputSchema: NONE }, () => text('new'));
    else changes.toolsChanged();
    return text('grown');
  });
  server.registerTool(
    'touch',
    { description: 'Changes a resource.', inputSchema: z.object({ uri: z.string() }) },
    async ({ uri }) => {
      if (changes === undefined) await server.server.sendResourceUpdated({ uri });
      else changes.resourceUpdated(uri);
      return text('touched');
    },
  );
  for (const name of grown) {
    if (name === 'header') continue;
    if (name !== 'grown' || changes !== undefined) {
      server.registerTool(name, { description: 'New.', inputSchema: NONE }, () => text('new'));
    }
  }
  server.registerResource('note', new ResourceTemplate('note:{name}', { list: undefined }), {}, (uri) => ({
    contents: [{ uri: uri.href, text: 'a note' }],
  }));
  return server;
}
