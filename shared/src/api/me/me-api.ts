// What a person sees and tries of their own from a page in their browser: the tools that they may use, a call of one, and what the log has of their calls.
import { z } from 'zod';
import { auditApi, CallSchema, StatusInLog } from '../audit.ts';
import { endpoint } from '../endpoint.ts';

const OwnToolSchema = z
  .object({
    name: z.string().meta({ description: 'As AI clients call it' }),
    server: z.string(),
    title: z.string().nullable(),
    description: z.string().nullable(),
    does: z.enum(['read', 'write']).meta({ description: 'What rules take it for' }),
    input: z.record(z.string(), z.unknown()).meta({ description: 'The JSON Schema of its arguments' }),
  })
  .meta({ id: 'OwnTool' });
export type OwnTool = z.output<typeof OwnToolSchema>;

const OwnToolsSchema = z
  .object({
    tools: z.array(OwnToolSchema),
    silent: z.array(z.string()).meta({
      description: 'Servers of which the person may use something, and which have listed nothing in time',
    }),
  })
  .meta({ id: 'OwnTools' });

const ToolAnswerSchema = z
  .object({
    is_error: z.boolean().meta({ description: 'The tool has failed, or mcpgate did not call it; the text says why' }),
    content: z.array(z.record(z.string(), z.unknown())).meta({ description: 'As MCP has it' }),
    structured: z.unknown().meta({ description: 'The structured content; null: there is none' }),
    ms: z.number(),
  })
  .meta({ id: 'ToolAnswer' });
export type ToolAnswer = z.output<typeof ToolAnswerSchema>;

export const meApi = {
  tools: endpoint({
    name: 'listOwnTools',
    method: 'GET',
    path: '/me/tools',
    summary: 'The tools that one may use, as one’s AI clients see them; for a page in the browser',
    access: 'member',
    answer: OwnToolsSchema,
  }),
  call: endpoint({
    name: 'callOwnTool',
    method: 'POST',
    path: '/me/tools/call',
    summary:
      'Call a tool as oneself: judged, recorded and forwarded as a call of an AI client; for a page in the browser',
    access: 'member',
    body: z.strictObject({
      name: z.string().min(1).max(200),
      arguments: z.record(z.string(), z.unknown()).default({}),
    }),
    answer: ToolAnswerSchema,
  }),
  calls: endpoint({
    name: 'listOwnCalls',
    method: 'GET',
    path: '/me/calls',
    summary: 'What the log has of one’s own calls, newest first',
    access: 'member',
    query: z.strictObject({
      limit: z.coerce
        .number()
        .int()
        .min(1)
        .max(1_000)
        .default(100)
        .meta({ description: 'How many a page has at most' }),
      cursor: auditApi.calls.query.shape.cursor,
      server: auditApi.calls.query.shape.server,
      status: StatusInLog.optional(),
    }),
    answer: z.array(CallSchema),
    pages: true,
  }),
};
