// The section `upstreams.limits`: what each server that the broker starts may use.
import { LimitForms } from 'mcpgate-shared/api/resource-limits';
import { parseByteSize } from 'mcpgate-shared/byte-size';
import { z } from 'zod';
import type { ResourceLimits } from '../domain/bounds/resource-limits.ts';
import { form, withDefault } from './key.ts';

const orNull = (value: number | 'none'): number | null => (value === 'none' ? null : value);

export const limitsSchema = z
  .strictObject({
    memory: withDefault(form('size | none', LimitForms.memory), '2GiB', {
      description:
        'How much memory the processes of a stdio server may take together; past it they are ended, and the next call starts the server again. Looked at every second, so that more may be taken for a moment. Each limit is a server’s own where its record has one (`server set --limit`, `limits` of an import). Linux only.',
    }),
    open_files: withDefault(form('number | none', LimitForms.open_files), 4096, {
      description:
        'How many files each of its processes may have open. Needs `prlimit` (util-linux), as do the next two.',
    }),
    processes: withDefault(form('number | none', LimitForms.processes), 1024, {
      description:
        'How many processes and threads it may have. Kept where the broker is root, so that the server runs as a user of its own.',
    }),
    cpu_seconds: withDefault(form('number | none', LimitForms.cpu_seconds), 'none', {
      description:
        'How many seconds of CPU each of its processes may use up in its life; past it the process is ended. For servers that are prone to run in circles: one that is shared lives for long.',
    }),
  })
  .transform((limits): ResourceLimits => ({
    memoryBytes: parseByteSize(limits.memory) ?? null,
    openFiles: orNull(limits.open_files),
    processes: orNull(limits.processes),
    cpuSeconds: orNull(limits.cpu_seconds),
  }))
  .prefault({});
