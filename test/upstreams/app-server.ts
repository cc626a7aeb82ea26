// An MCP server with an app, on the official packages, over stdio. Its tool `show` opens the app, whose page lists nothing; `refresh` is for the app
// alone; `view` gives the link. What it is called with is appended to the file in CALLS.
import { appendFileSync } from 'node:fs';
import { registerAppResource, registerAppTool, RESOURCE_MIME_TYPE } from '@modelcontextprotocol/ext-apps/server';
import { McpServer } from '@modelcontextprotocol/server';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import { z } from 'zod';

const PAGE = 'ui://view/page.html';
const EXTENSION = { 'io.modelcontextprotocol/ui': { mimeTypes: [RESOURCE_MIME_TYPE] } };
const [, , city = 'nowhere'] = process.argv;
const calls = process.env['CALLS'];

const note = (what: string) => void (calls !== undefined && appendFileSync(calls, `${what}\n`));
const said = (text: string) => ({ content: [{ type: 'text' as const, text }] });

serveStdio(() => {
  const server = new McpServer({ name: `app-${city}`, version: '1.0.0' }, { capabilities: { extensions: EXTENSION } });
  registerAppTool(
    server,
    'show',
    { description: 'Shows the weather.', inputSchema: z.object({}), _meta: { ui: { resourceUri: PAGE } } },
    () => {
      note('show');
      return { ...said(`weather of ${city}`), _meta: { ui: { resourceUri: PAGE }, 'openai/outputTemplate': PAGE } };
    },
  );
  registerAppTool(
    server,
    'refresh',
    {
      description: 'New figures for the page.',
      inputSchema: z.object({}),
      _meta: { ui: { resourceUri: PAGE, visibility: ['app'] } },
    },
    () => {
      note('refresh');
      return said(`fresh weather of ${city}`);
    },
  );
  server.registerTool(`only_${city}`, { description: 'Of this server alone.', inputSchema: z.object({}) }, () => {
    note('only');
    return { content: [{ type: 'resource_link', uri: PAGE, name: 'the page' }] };
  });
  registerAppResource(server, 'The page', PAGE, {}, () => {
    note('read');
    return { contents: [{ uri: PAGE, mimeType: RESOURCE_MIME_TYPE, text: `<!doctype html><title>${city}</title>` }] };
  });
  return server;
});
