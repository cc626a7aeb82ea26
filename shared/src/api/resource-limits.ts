// Limits for memory, files and processes of servers that mcpgate starts: as configuration files, imports and requests of the API write them, and
// as answers of the API show them.
import { z } from 'zod';
import { formatByteSize, parseByteSize } from '../byte-size.ts';

/** The smallest limits that are accepted. A usual Node server takes 80 MiB and 24 files; with less than these, no server would start. */
const MIN_MEMORY_BYTES = 64 * 1024 * 1024;
const MIN_OPEN_FILES = 32;
const MIN_PROCESSES = 16;

const isMemory = (text: string) => text === 'none' || (parseByteSize(text) ?? 0) >= MIN_MEMORY_BYTES;
function count(min: number) {
  const message = `write a number of ${min} or more, or none`;
  return z.union([z.int(message).min(min, message).max(10_000_000, message), z.literal('none')], message);
}

/** Each limit as people write it; `none`: no limit. */
export const LimitForms = {
  memory: z.string('write a size such as 512MiB, or none').refine(isMemory, 'write a size of 64MiB or more, or none'),
  open_files: count(MIN_OPEN_FILES),
  processes: count(MIN_PROCESSES),
  cpu_seconds: count(1),
};

const DEFAULT = z.literal('default');

export const ResourceLimitsSchema = z
  .strictObject({
    memory: z.union([LimitForms.memory, DEFAULT]).optional(),
    open_files: z.union([LimitForms.open_files, DEFAULT]).optional(),
    processes: z.union([LimitForms.processes, DEFAULT]).optional(),
    cpu_seconds: z.union([LimitForms.cpu_seconds, DEFAULT]).optional(),
  })
  .meta({
    description:
      'Of a server that mcpgate starts. `none`: no limit; `default` or left out: the broker’s (`upstreams.limits` of its configuration)',
  });
export type ResourceLimitsForm = z.output<typeof ResourceLimitsSchema>;

const shown = z.number().int().nullable();

/** The limits that hold for a server; null: no limit. */
export const KeptLimitsSchema = z.object({
  memory_bytes: shown,
  open_files: shown,
  processes: shown,
  cpu_seconds: shown,
});
export type KeptLimits = z.output<typeof KeptLimitsSchema>;

/** The limits in words: `at most 2 GiB of memory, 4096 open files`. */
export function limitsText(limits: KeptLimits): string {
  const parts = [
    ...(limits.memory_bytes === null ? [] : [`${formatByteSize(limits.memory_bytes)} of memory`]),
    ...(limits.open_files === null ? [] : [`${limits.open_files} open files`]),
    ...(limits.processes === null ? [] : [`${limits.processes} processes and threads`]),
    ...(limits.cpu_seconds === null ? [] : [`${limits.cpu_seconds} s of CPU`]),
  ];
  return parts.length === 0 ? 'no limits' : `at most ${parts.join(', ')}`;
}
