// The reload of the broker's configuration.
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';

export const ReloadReportSchema = z
  .object({
    changed: z.array(z.string()).meta({ description: 'Keys that have another value from now on' }),
    needs_restart: z
      .array(z.string())
      .meta({ description: 'Keys that are changed too, and hold from the next start on' }),
    certificate: z.string().nullable().meta({ description: 'The fingerprint of a renewed one that is shown now' }),
  })
  .meta({ id: 'ReloadReport' });
export type ReloadReport = z.output<typeof ReloadReportSchema>;

export const reloadApi = {
  reload: endpoint({
    name: 'reloadConfiguration',
    method: 'POST',
    path: '/reload',
    summary: 'Read the configuration and the certificate again; a mistake changes nothing',
    answer: ReloadReportSchema,
  }),
};
