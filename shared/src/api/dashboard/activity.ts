// What went through the broker of late, in figures: per minute, per server, and per tool of one server, with how that one was in the last hours.
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

const took = {
  p50_ms: z
    .number()
    .nullable()
    .meta({ description: 'Of calls that reached the server, to within a fifth; null: none' }),
  p95_ms: z.number().nullable(),
};
const latency = { ...took, last_at: TimeSchema.nullable() };

/** For so many hours there are figures by minutes, and of servers by ten minutes. */
export const ACTIVITY_HOURS = 6;

export const ActivitySchema = z
  .object({
    since: TimeSchema.meta({
      description:
        'From when on this broker has counted: as many hours ago as were asked for, or its start. What went through others is not in it',
    }),
    minutes: z
      .array(z.object({ at: TimeSchema, ...counts }))
      .meta({ description: 'Every minute since, the earliest first' }),
    servers: z
      .array(z.object({ name: z.string(), ...counts, ...latency }))
      .meta({ description: 'Of the last hour, the busiest first' }),
    tools: z
      .array(z.object({ name: z.string(), ...counts, ...latency }))
      .meta({ description: 'Of the server that was asked for, by the names that it gives them' }),
    history: z.array(z.object({ at: TimeSchema, ...counts, ...took })).meta({
      description: 'Of the server that was asked for: every ten minutes of the last six hours, or since the start',
    }),
  })
  .meta({ id: 'Activity' });
export type Activity = z.output<typeof ActivitySchema>;

export const activityApi = {
  get: endpoint({
    name: 'getActivity',
    method: 'GET',
    path: '/activity',
    summary: 'Calls of the last hours through this broker: per minute, per server, per tool',
    access: 'operator',
    query: z.strictObject({
      server: ServerNameSchema.optional(),
      hours: z.coerce
        .number()
        .int()
        .min(1)
        .max(ACTIVITY_HOURS)
        .default(1)
        .meta({ description: 'So many hours by the minute; servers and tools are always those of the last hour' }),
    }),
    answer: ActivitySchema,
  }),
};
