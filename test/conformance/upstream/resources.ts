// Resources: text, bytes, a template, one to subscribe to.
import { ResourceTemplate, type McpServer } from '@modelcontextprotocol/server';
import { IMAGE } from './content.ts';

export function addResources(server: McpServer): void {
  const texts = {
    'static-text': 'This is the content of the static text resource.',
    'watched-resource': 'Nobody has changed this yet.',
  };
  for (const [name, text] of Object.entries(texts)) {
    const uri = `test://${name}`;
    const config = { title: name, description: 'Text.', mimeType: 'text/plain', annotations: { priority: 0.5 } };
    server.registerResource(name, uri, config, () => ({ contents: [{ uri, mimeType: 'text/plain', text }] }));
  }
  server.registerResource(
    'static-binary',
    'test://static-binary',
    { title: 'static-binary', description: 'An image.', mimeType: IMAGE.mimeType },
    () => ({ contents: [{ uri: 'test://static-binary', mimeType: IMAGE.mimeType, blob: IMAGE.data }] }),
  );
  server.registerResource(
    'template',
    new ResourceTemplate('test://template/{id}/data', {
      list: undefined,
      complete: { id: (start) => ['123', '124', '200'].filter((id) => id.startsWith(start)) },
    }),
    { title: 'template', description: 'One a number.', mimeType: 'application/json' },
    ({ href }, { id }) => ({
      contents: [
        { uri: href, mimeType: 'application/json', text: JSON.stringify({ id, data: `Data for ID: ${String(id)}` }) },
      ],
    }),
  );
  // A subscriber is told at once: what the answer to a subscription cannot show.
  server.server.setRequestHandler('resources/subscribe', async ({ params: { uri } }, { mcpReq }) => {
    await mcpReq.notify({ method: 'notifications/resources/updated', params: { uri } });
    return {};
  });
  server.server.setRequestHandler('resources/unsubscribe', () => ({}));
}
