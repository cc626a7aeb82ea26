// A server's slots summed up for administrators.
import type { ServerRecord } from '../domain/server-record.ts';
import type { Slot, SlotState } from './slot.ts';
import type { UpstreamStatus } from './upstream.ts';

/** The state of the whole is the best of its parts, but a failure is not hidden behind an idle one. */
const RANK: readonly SlotState[] = ['ready', 'starting', 'failed', 'idle'];

export function statusOf(record: ServerRecord, slots: readonly Slot[]): UpstreamStatus {
  const state = RANK.find((each) => slots.some((slot) => slot.state === each)) ?? 'idle';
  const failing = slots.find((slot) => slot.error !== undefined);
  const stderr = slots.flatMap((slot) => slot.connection?.stderr() ?? stderrOf(slot.error?.data?.['stderr']));
  const tools = slots.map((slot) => slot.tools).find((each) => each !== undefined);
  return {
    name: record.name,
    state: record.enabled ? state : 'disabled',
    error: record.enabled ? (failing?.error?.message.split('\n')[0] ?? null) : null,
    stderr: stderr.slice(-100),
    tools: record.enabled ? (tools?.length ?? null) : null,
    unisolated: slots.some((slot) => slot.connection?.unisolated === true),
    processes: slots.reduce((count, slot) => count + slot.processes, 0),
  };
}

function stderrOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((line) => typeof line === 'string') : [];
}
