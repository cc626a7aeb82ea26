// What comes of importing the servers of a client's file, and of testing one.
import { z } from 'zod';

export const ImportResultSchema = z
  .object({
    servers: z.array(z.string()),
    renamed: z
      .array(z.object({ from: z.string(), to: z.string() }))
      .meta({ description: 'Servers whose name in the file was no name here, or was taken' }),
    secrets: z
      .array(
        z.object({
          name: z.string(),
          server: z.string(),
          from: z.string(),
          kind: z.enum(['secret', 'doubtful']).meta({ description: '`doubtful`: it looks like one, and may be none' }),
        }),
      )
      .meta({ description: 'What was moved into the vault: names and where it stood, never a value' }),
    unset: z.array(z.object({ name: z.string(), server: z.string(), from: z.string() })).meta({
      description:
        'Placeholders of the client (${input:…}, ${env:…}) that became references: set these secrets before use',
    }),
    warnings: z.array(z.string()).meta({ description: 'What was left out or changed, and why' }),
    dry_run: z.boolean(),
  })
  .meta({ id: 'ImportResult' });
export type ImportResult = z.output<typeof ImportResultSchema>;

export const TestStepSchema = z
  .object({
    step: z.string(),
    ok: z.boolean(),
    detail: z.string(),
    ms: z.number(),
    next: z.string().nullable().meta({ description: 'What to do about a step that failed' }),
    warnings: z.array(z.string()).default([]).meta({ description: 'It did, but not all is as it should be' }),
  })
  .meta({ id: 'TestStep' });
export type TestStep = z.output<typeof TestStepSchema>;
