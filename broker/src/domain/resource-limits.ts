// What one stdio server may use up of the computer. Null: as much as there is.
import type { KeptLimits, ResourceLimitsForm } from 'mcpgate-shared/api/resource-limits';
import { parseByteSize } from 'mcpgate-shared/byte-size';

export interface ResourceLimits {
  /** Of all its processes together. */
  readonly memoryBytes: number | null;
  /** Of each of its processes. */
  readonly openFiles: number | null;
  /** Processes and threads; kept only where the server runs as a user of its own. */
  readonly processes: number | null;
  /** Of each of its processes, over its whole life. */
  readonly cpuSeconds: number | null;
}

/** What a record says of them; what it does not say is as the broker's configuration says. */
export type OwnLimits = Partial<ResourceLimits>;

/** As the API shows them. */
export function shownLimits({ memoryBytes, openFiles, processes, cpuSeconds }: ResourceLimits): KeptLimits {
  return { memory_bytes: memoryBytes, open_files: openFiles, processes, cpu_seconds: cpuSeconds };
}

/** What a record says of them, for the log: `memory=536870912`. */
export function limitNotes(own: OwnLimits): string[] {
  const said = {
    memory: own.memoryBytes,
    open_files: own.openFiles,
    processes: own.processes,
    cpu_seconds: own.cpuSeconds,
  };
  return Object.entries(said).flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value ?? 'none'}`]));
}

/** `known` with what `form` says besides; `default` takes a limit out again. Undefined where none is left. */
export function withLimits(known: OwnLimits, form: ResourceLimitsForm): OwnLimits | undefined {
  const bytes = form.memory === undefined ? undefined : (parseByteSize(form.memory) ?? form.memory);
  const limits = {
    ...changed('memoryBytes', known, bytes),
    ...changed('openFiles', known, form.open_files),
    ...changed('processes', known, form.processes),
    ...changed('cpuSeconds', known, form.cpu_seconds),
  };
  return Object.keys(limits).length === 0 ? undefined : limits;
}

function changed(key: keyof ResourceLimits, known: OwnLimits, said: number | string | undefined): OwnLimits {
  if (said === 'default') return {};
  if (said === undefined) return known[key] === undefined ? {} : { [key]: known[key] };
  return { [key]: typeof said === 'number' ? said : null };
}
