// The status of a server for administrators, summed up over its slots.
import { isolationOf, type ServerRecord } from '../../domain/server-record.ts';
import { publicMessage } from '../../domain/public-message.ts';
import { runsHere } from '../../domain/transports/transports.ts';
import type { CircuitBreaker } from './circuit-breaker.ts';
import { FailedStart } from './connect.ts';
import type { LimitKeeper } from '../process/limit-keeper.ts';
import type { Isolator } from '../process/isolation.ts';
import type { Slot, SlotState } from './slot.ts';
import type { ListedItem, UpstreamStatus } from '../upstream.ts';

/** The server's state is the first of these that one of its slots has: the best one, except that a failure is not hidden behind an idle slot. */
const RANK: readonly SlotState[] = ['ready', 'starting', 'failed', 'idle'];

/** `serverBreaker`: the breaker of all places together, where the server has more than one. */
export function statusOf(
  record: ServerRecord,
  slots: readonly Slot[],
  serverBreaker: CircuitBreaker | undefined,
  around: {
    nowMs: number;
    isRoot: boolean;
    limits: LimitKeeper;
    isolator: Isolator | undefined;
    tested: readonly ListedItem[] | undefined;
  },
): UpstreamStatus {
  // A shared server has one slot. For others the breaker of one place says nothing about the server, that of all places does.
  const breaker = serverBreaker ?? slots[0]?.breaker;
  const isWaited = breaker !== undefined && breaker.circuit !== 'closed' && breaker.retryAt > around.nowMs;
  const state = RANK.find((each) => slots.some((slot) => slot.state === each)) ?? 'idle';
  const failing = slots.find((slot) => slot.error !== undefined);
  const error = failing?.error && publicMessage(failing.error);
  const stderr = slots.flatMap((slot) => slot.connection?.stderr() ?? saidBefore(slot.error));
  const isProcess = runsHere(record.transport);
  const tools = slots.map((slot) => slot.tools).find((each) => each !== undefined) ?? around.tested;
  return {
    name: record.name,
    isolation: isolationOf(record),
    state: record.enabled ? state : 'disabled',
    circuit: record.enabled ? (breaker?.circuit ?? 'closed') : 'closed',
    retryAt: record.enabled && isWaited ? breaker.retryAt : null,
    flapping: record.enabled && slots.some((slot) => slot.breaker.flapping),
    error: record.enabled ? (error?.split('\n')[0] ?? null) : null,
    stderr: stderr.slice(-100),
    warnings: record.enabled ? [...new Set(slots.flatMap((slot) => slot.warnings))].slice(0, 50) : [],
    tools: record.enabled ? (tools?.length ?? null) : null,
    processIsolation: isProcess ? (around.isolator?.kind ?? null) : null,
    noSandbox: isProcess ? (around.isolator?.noSandbox ?? null) : null,
    ...limitsOf(record, around.isRoot, around.limits),
    processes: slots.reduce((count, slot) => count + slot.processes, 0),
  };
}

function limitsOf(
  { transport }: ServerRecord,
  hasOwnUid: boolean,
  limits: LimitKeeper,
): Pick<UpstreamStatus, 'limits' | 'limitsMissing'> {
  if (!runsHere(transport)) return { limits: null, limitsMissing: null };
  return { limits: limits.of(transport, hasOwnUid), limitsMissing: limits.missing };
}

function saidBefore(error: unknown): readonly string[] {
  return error instanceof FailedStart ? error.stderr : [];
}
