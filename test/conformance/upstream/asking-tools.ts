// Tools that ask the client for something once. They return what they need; the SDK turns that into a request to a client of before
// 2026-07-28.
import { inputRequired, type ElicitInputParams, type McpServer } from '@modelcontextprotocol/server';
import { z } from 'zod';
import { text } from './content.ts';

const options = (...values: string[]) => values.map((value) => ({ const: value, title: `Option ${value}` }));

const FORMS: Record<string, ElicitInputParams> = {
  test_elicitation_sep1034_defaults: {
    message: 'Every kind of field, with its default',
    requestedSchema: {
      type: 'object',
      properties: {
        name: { type: 'string', default: 'John Doe' },
        age: { type: 'integer', default: 30 },
        score: { type: 'number', default: 95.5 },
        status: { type: 'string', enum: ['active', 'inactive', 'pending'], default: 'active' },
        verified: { type: 'boolean', default: true },
      },
    },
  },
  test_elicitation_sep1330_enums: {
    message: 'Every kind of choice',
    requestedSchema: {
      type: 'object',
      properties: {
        untitledSingle: { type: 'string', enum: ['option1', 'option2', 'option3'] },
        titledSingle: { type: 'string', oneOf: options('value1', 'value2', 'value3') },
        legacyEnum: { type: 'string', enum: ['opt1', 'opt2'], enumNames: ['Option One', 'Option Two'] },
        untitledMulti: {
          type: 'array',
          minItems: 1,
          maxItems: 3,
          items: { type: 'string', enum: ['option1', 'option2'] },
        },
        titledMulti: { type: 'array', items: { anyOf: options('value1', 'value2', 'value3') } },
      },
    },
  },
};

export function addAskingTools(server: McpServer): void {
  server.registerTool(
    'test_sampling',
    { description: 'Lets the client’s model answer.', inputSchema: z.object({ prompt: z.string() }) },
    ({ prompt }, { mcpReq }) => {
      const completion = mcpReq.inputResponses?.['completion'];
      if (completion !== undefined) return { content: [text(`LLM response: ${JSON.stringify(completion)}`)] };
      const messages = [{ role: 'user' as const, content: text(prompt) }];
      return inputRequired({
        inputRequests: { completion: inputRequired.createMessage({ messages, maxTokens: 100 }) },
      });
    },
  );
  server.registerTool(
    'test_elicitation',
    { description: 'Asks the person.', inputSchema: z.object({ message: z.string() }) },
    ({ message }, { mcpReq }) => {
      const answer = mcpReq.inputResponses?.['answer'];
      if (answer !== undefined) return { content: [text(`User response: ${JSON.stringify(answer)}`)] };
      const requestedSchema = { type: 'object' as const, properties: { response: { type: 'string' as const } } };
      return inputRequired({ inputRequests: { answer: inputRequired.elicit({ message, requestedSchema }) } });
    },
  );
  for (const [name, form] of Object.entries(FORMS)) {
    server.registerTool(name, { description: form.message, inputSchema: z.object({}) }, (_args, { mcpReq }) => {
      const answer = mcpReq.inputResponses?.['form'];
      if (answer !== undefined) return { content: [text(`Elicitation completed: ${JSON.stringify(answer)}`)] };
      return inputRequired({ inputRequests: { form: inputRequired.elicit(form) } });
    });
  }
}
