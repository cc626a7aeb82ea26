// How much of the host one stdio server may use: memory, files, processes, CPU time. Null: no limit.
import type { KeptLimits, ResourceLimitsForm } from 'mcpgate-shared/api/resource-limits';
import { formatByteSize, parseByteSize } from 'mcpgate-shared/byte-size';

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

/** The limits that a server's own record sets; the broker's configuration sets the others. */
export type OwnLimits = Partial<ResourceLimits>;

/** The limits as the API shows them. */
export function shownLimits({ memoryBytes, openFiles, processes, cpuSeconds }: ResourceLimits): KeptLimits {
  return { memory_bytes: memoryBytes, open_files: openFiles, processes, cpu_seconds: cpuSeconds };
}

/** The limits of a record as the audit log notes them: `memory=536870912`, `processes=none`. */
export function limitNotes(own: OwnLimits): string[] {
  const said = {
    memory: own.memoryBytes,
    open_files: own.openFiles,
    processes: own.processes,
    cpu_seconds: own.cpuSeconds,
  };
  return Object.entries(said).flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value ?? 'none'}`]));
}

/** The limits of a record as the API takes them: what `withLimits` makes these of. */
export function limitsForm({ memoryBytes, openFiles, processes, cpuSeconds }: OwnLimits): ResourceLimitsForm {
  const memory = memoryBytes === null ? 'none' : memoryBytes && formatByteSize(memoryBytes).replace(/ bytes$| /, '');
  return {
    ...(memory === undefined ? {} : { memory: String(memory) }),
    ...(openFiles === undefined ? {} : { open_files: openFiles ?? 'none' }),
    ...(processes === undefined ? {} : { processes: processes ?? 'none' }),
    ...(cpuSeconds === undefined ? {} : { cpu_seconds: cpuSeconds ?? 'none' }),
  };
}

/** `known` with the changes of `form` made; the value `default` takes a limit out of the record. Undefined where no limit is left. */
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
