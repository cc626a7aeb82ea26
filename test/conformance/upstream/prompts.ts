// Prompts: plain, with arguments (completed), with a resource, with an image, with input that is asked for first.
import { acceptedContent, completable, inputRequired, type McpServer } from '@modelcontextprotocol/server';
import { z } from 'zod';
import { IMAGE, text } from './content.ts';

const user = <T>(content: T) => ({ role: 'user' as const, content });

export function addPrompts(server: McpServer): void {
  server.registerPrompt('test_simple_prompt', { title: 'Simple', description: 'No arguments.' }, () => ({
    messages: [user(text('This is a simple prompt for testing.'))],
  }));
  const paris = completable(z.string().describe('The first'), (start) =>
    ['paris', 'parma'].filter((city) => city.startsWith(start)),
  );
  server.registerPrompt(
    'test_prompt_with_arguments',
    { description: 'Two arguments.', argsSchema: z.object({ arg1: paris, arg2: z.string().describe('The second') }) },
    ({ arg1, arg2 }) => ({ messages: [user(text(`arg1='${arg1}', arg2='${arg2}'`))] }),
  );
  server.registerPrompt(
    'test_prompt_with_embedded_resource',
    { description: 'Embeds a resource.', argsSchema: z.object({ resourceUri: z.string() }) },
    ({ resourceUri: uri }) => ({
      messages: [
        user({ type: 'resource' as const, resource: { uri, mimeType: 'text/plain', text: 'embedded text' } }),
        user(text('Read what is embedded.')),
      ],
    }),
  );
  server.registerPrompt('test_prompt_with_image', { description: 'Shows an image.' }, () => ({
    messages: [user(IMAGE), user(text('What colour is it?'))],
  }));
  server.registerPrompt(
    'test_input_required_result_prompt',
    { description: 'Asks first.', argsSchema: z.object({}) },
    (_args, { mcpReq }) => {
      const schema = z.object({ context: z.string() });
      const accepted = acceptedContent(mcpReq.inputResponses, 'user_context', schema);
      if (accepted !== undefined) return { messages: [user(text(`Use this: ${accepted.context}`))] };
      const question = inputRequired.elicit({ message: 'In which context?', requestedSchema: schema });
      return inputRequired({ inputRequests: { user_context: question } });
    },
  );
}
