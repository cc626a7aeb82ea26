// `upstreams.limits`: what each server that the broker starts may use up.
import { LimitForms } from 'mcpgate-shared/api/resource-limits';
import { parseByteSize } from 'mcpgate-shared/byte-size';
import { z } from 'zod';
import type { ResourceLimits } from '../domain/resource-limits.ts';
import { keyNotes } from './key-notes.ts';

const orNull = (value: number | 'none'): number | null => (value === 'none' ? null : value);

export const limitsSchema = z
  .strictObject({
    memory: LimitForms.memory.default('2GiB').register(keyNotes, {
      description:
        'How much memory the processes of a stdio server may take together; past it they are ended, and the next call starts the server again. Looked at every second, so that more may be taken for a moment. Each limit is a server’s own where its record has one (`server set --limit`, `limits` of an import). Linux only.',
      form: 'size | none',
      default: '2GiB',
    }),
    open_files: LimitForms.open_files.default(4096).register(keyNotes, {
      description:
        'How many files each of its processes may have open. Needs `prlimit` (util-linux), as do the next two.',
      form: 'number | none',
      default: '4096',
    }),
    processes: LimitForms.processes.default(1024).register(keyNotes, {
      description:
        'How many processes and threads it may have. Kept where the broker is root, so that the server runs as a user of its own.',
      form: 'number | none',
      default: '1024',
    }),
    cpu_seconds: LimitForms.cpu_seconds.default('none').register(keyNotes, {
      description:
        'How many seconds of CPU each of its processes may use up in its life; past it the process is ended. For servers that are prone to run in circles: one that is shared lives for long.',
      form: 'number | none',
      default: 'none',
    }),
  })
  .transform((limits): ResourceLimits => ({
    memoryBytes: parseByteSize(limits.memory) ?? null,
    openFiles: orNull(limits.open_files),
    processes: orNull(limits.processes),
    cpuSeconds: orNull(limits.cpu_seconds),
  }))
  .prefault({});
