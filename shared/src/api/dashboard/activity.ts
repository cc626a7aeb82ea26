// What went through the broker in the last hour, in figures: per minute, per server, and per tool of one server.
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { ServerNameSchema, TimeSchema } from '../fields.ts';

/** Calls of something, and how they ended. What was cancelled is in `calls` alone. */
const counts = {
  calls: z.number().int(),
  tool_errors: z.number().int().meta({ description: 'Carried out, and the tool said that it failed' }),
  failed: z.number().int().meta({ description: 'Not carried out, timed out, or with an outcome that nobody knows' }),
  denied: z.number().int().meta({ description: 'By a rule, a person or a limit' }),
};

const latency = {
  p50_ms: z
    .number()
    .nullable()
    .meta({ description: 'Of calls that reached the server, to within a fifth; null: none' }),
  p95_ms: z.number().nullable(),
  last_at: TimeSchema.nullable(),
};

export const ActivitySchema = z
  .object({
    since: TimeSchema.meta({
      description:
        'From when on this broker has counted: an hour ago, or its start. What went through others is not in it',
    }),
    minutes: z
      .array(z.object({ at: TimeSchema, ...counts }))
      .meta({ description: 'Every minute since, the earliest first' }),
    servers: z.array(z.object({ name: z.string(), ...counts, ...latency })),
    tools: z
      .array(z.object({ name: z.string(), ...counts, ...latency }))
      .meta({ description: 'Of the server that was asked for, by the names that it gives them' }),
  })
  .meta({ id: 'Activity' });
export type Activity = z.output<typeof ActivitySchema>;

export const activityApi = {
  get: endpoint({
    name: 'getActivity',
    method: 'GET',
    path: '/activity',
    summary: 'Calls of the last hour through this broker: per minute, per server, per tool',
    access: 'operator',
    query: z.strictObject({ server: ServerNameSchema.optional() }),
    answer: ActivitySchema,
  }),
};
