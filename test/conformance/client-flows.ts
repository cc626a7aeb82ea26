// What an AI client does in each client scenario, and which scenarios have nothing that mcpgate could show.
import type { Client } from '@modelcontextprotocol/client';
import { z } from 'zod';

/** Drives a connected client; what it returns is what the client heard. */
export type ClientFlow = (client: Client, context: string | undefined) => Promise<unknown>;

const ToolCalls = z.object({
  toolCalls: z.array(z.object({ name: z.string(), arguments: z.record(z.string(), z.unknown()) })),
});

const listTools: ClientFlow = async (client) => (await client.listTools()).tools;

/** A call that the client does not accept the answer of is something that it heard, too. */
const callInTurn =
  (...names: string[]): ClientFlow =>
  async (client) => {
    const heard: unknown[] = [await listTools(client, undefined)];
    for (const name of names)
      heard.push(await client.callTool({ name, arguments: {} }).catch(() => ({ refused: name })));
    return heard;
  };

const CLIENT_FLOWS: Record<string, ClientFlow> = {
  initialize: listTools,
  'request-metadata': listTools,
  'json-schema-ref-no-deref': listTools,
  async tools_call(client) {
    const tools = await listTools(client, undefined);
    return [tools, await client.callTool({ name: 'add_numbers', arguments: { a: 5, b: 3 } })];
  },
  'elicitation-sep1034-client-defaults': callInTurn('test_client_elicitation_defaults'),
  'sse-retry': callInTurn('test_reconnection'),
  'sep-2322-client-request-state': callInTurn(
    'test_mrtr_echo_state',
    'test_mrtr_no_state',
    'test_mrtr_unrelated',
    'test_mrtr_no_result_type',
  ),
  async 'http-standard-headers'(client) {
    const { tools } = await client.listTools();
    const { resources } = await client.listResources();
    const { prompts } = await client.listPrompts();
    return [
      ...(await Promise.all(tools.slice(0, 1).map(({ name }) => client.callTool({ name, arguments: {} })))),
      ...(await Promise.all(resources.slice(0, 1).map(({ uri }) => client.readResource({ uri })))),
      ...(await Promise.all(prompts.slice(0, 1).map(({ name }) => client.getPrompt({ name, arguments: {} })))),
    ];
  },
  async 'http-custom-headers'(client, context) {
    const heard: unknown[] = [await listTools(client, undefined)];
    const { toolCalls } = ToolCalls.parse(JSON.parse(context ?? ''));
    for (const { name, arguments: args } of toolCalls) heard.push(await client.callTool({ name, arguments: args }));
    return heard;
  },
  async 'http-invalid-tool-headers'(client) {
    const { tools } = await client.listTools();
    return Promise.all(
      tools.map(async ({ name }) => [name, await client.callTool({ name, arguments: { region: 'us-west1' } })]),
    );
  },
  async 'json-schema-2020-12-preservation'(client) {
    const { tools } = await client.listTools();
    const schema = tools.find(({ name }) => name === 'json_schema_2020_12_tool')?.inputSchema;
    return [schema, await client.callTool({ name: 'json_schema_echo', arguments: { schema } })];
  },
};

export const flowOf = (scenario: string): ClientFlow | undefined =>
  Object.hasOwn(CLIENT_FLOWS, scenario) ? CLIENT_FLOWS[scenario] : undefined;

/** Why a client scenario does not apply; undefined where it does. */
export function whyNotRun(scenario: string): string | undefined {
  return flowOf(scenario) === undefined ? 'no flow is written for it' : undefined;
}
