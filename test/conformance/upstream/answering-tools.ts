// Tools that answer at once: one of each kind of content, the schemas that a relay must not touch, an error.
import { fromJsonSchema, type CallToolResult, type McpServer } from '@modelcontextprotocol/server';
import { AUDIO, IMAGE, text } from './content.ts';
import schema from './schema-2020-12.json' with { type: 'json' };

const CONTENTS: Record<string, { description: string; content: CallToolResult['content'] }> = {
  test_image_content: { description: 'Answers with an image.', content: [IMAGE] },
  test_audio_content: { description: 'Answers with sound.', content: [AUDIO] },
  test_embedded_resource: {
    description: 'Answers with an embedded resource.',
    content: [
      {
        type: 'resource',
        resource: { uri: 'test://embedded-resource', mimeType: 'text/plain', text: 'embedded text' },
      },
    ],
  },
  test_multiple_content_types: {
    description: 'Answers with text, an image and a resource.',
    content: [
      text('three kinds of content'),
      IMAGE,
      {
        type: 'resource',
        resource: { uri: 'test://mixed-content-resource', mimeType: 'application/json', text: '{"b":1,"a":[2]}' },
      },
    ],
  },
  test_streaming_elicitation: { description: 'Answers; nothing else may be on its stream.', content: [text('alone')] },
};

/** An argument that a client of 2026-07-28 repeats in the header `Mcp-Param-Region`. */
const HEADER_SCHEMA = {
  type: 'object',
  properties: { region: { type: 'string', 'x-mcp-header': 'Region' }, level: { type: 'integer' } },
} as const;

export function addAnsweringTools(server: McpServer): void {
  server.registerTool(
    'test_simple_text',
    {
      title: 'Simple text',
      description: 'Answers with text.',
      annotations: { readOnlyHint: true, idempotentHint: true, openWorldHint: false },
      icons: [{ src: `data:${IMAGE.mimeType};base64,${IMAGE.data}`, mimeType: IMAGE.mimeType, sizes: ['1x1'] }],
      _meta: { 'example.com/kept': { as: ['it', 'is'] } },
    },
    () => ({ content: [text('This is a simple text response for testing.')] }),
  );
  for (const [name, { description, content }] of Object.entries(CONTENTS))
    server.registerTool(name, { description }, () => ({ content }));
  server.registerTool('test_error_handling', { description: 'Fails.' }, () => {
    throw new Error('This tool intentionally returns an error for testing');
  });
  server.registerTool(
    'json_schema_2020_12_tool',
    { description: 'Has a schema with much of JSON Schema 2020-12.', inputSchema: fromJsonSchema(schema) },
    (args) => ({ content: [text(JSON.stringify(args))] }),
  );
  server.registerTool(
    'test_x_mcp_header',
    { description: 'Has an argument that is repeated in a header.', inputSchema: fromJsonSchema(HEADER_SCHEMA) },
    (args) => ({ content: [text(JSON.stringify(args))] }),
  );
}
