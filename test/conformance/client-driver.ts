// The command that the suites start as the client under test: asks the runner where to connect (the scenario's server itself, or mcpgate with
// that server behind it), does what an AI client would do, and tells the runner what it heard.
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { z } from 'zod';
import { flowOf } from './client-flows.ts';

/** Where to connect: over HTTP, or by launching a command. */
const Target = z.union([
  z.object({ url: z.url(), headers: z.record(z.string(), z.string()) }),
  z.object({ command: z.string(), args: z.array(z.string()), env: z.record(z.string(), z.string()) }),
]);

const Environment = z.object({
  CONFORMANCE_CONTROL: z.url(),
  MCP_CONFORMANCE_SCENARIO: z.string(),
  MCP_CONFORMANCE_PROTOCOL_VERSION: z.string().optional(),
  MCP_CONFORMANCE_CONTEXT: z.string().optional(),
});

const environment = Environment.parse(process.env);
const tell = async (path: string, body: unknown): Promise<unknown> => {
  const response = await fetch(new URL(path, environment.CONFORMANCE_CONTROL), {
    method: 'POST',
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${path}: ${await response.text()}`);
  return response.json();
};

const flow = flowOf(environment.MCP_CONFORMANCE_SCENARIO);
if (flow === undefined) throw new Error(`no flow for ${environment.MCP_CONFORMANCE_SCENARIO}`);
const target = Target.parse(await tell('target', { url: process.argv.at(-1) }));
const client = new Client(
  { name: 'conformance-client', version: '1.0.0' },
  {
    capabilities: { roots: {}, sampling: {}, elicitation: { form: { applyDefaults: true } } },
    ...(environment.MCP_CONFORMANCE_PROTOCOL_VERSION === '2026-07-28' && { versionNegotiation: { mode: 'auto' } }),
  },
);
client.setRequestHandler('elicitation/create', ({ params }) => {
  const asksToConfirm = 'requestedSchema' in params && 'confirmed' in params.requestedSchema.properties;
  return { action: 'accept', content: asksToConfirm ? { confirmed: true } : {} };
});
try {
  await client.connect(
    'url' in target
      ? new StreamableHTTPClientTransport(new URL(target.url), { requestInit: { headers: target.headers } })
      : new StdioClientTransport(target),
  );
  await tell('heard', await flow(client, environment.MCP_CONFORMANCE_CONTEXT));
} finally {
  await client.close();
  await tell('left', {});
}
