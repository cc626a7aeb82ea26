// The limits on how many processes of servers run. Where one is reached, the process that was idle for the longest is stopped; where none is
// idle, no further process starts.
import { GateError } from 'mcpgate-shared/error';
import type { ServerRecord } from '../../domain/server-record.ts';
import { runsHere } from '../../domain/transports/transports.ts';
import type { Slot } from './slot.ts';

export interface ProcessLimits {
  overall: number;
  perServer: number;
  /** Of one person, over all servers and sessions; what people share does not count. */
  perUser: number;
}

export interface Occupant {
  record: Pick<ServerRecord, 'id' | 'name' | 'transport'>;
  userKey: string | null;
  slot: Pick<Slot, 'state' | 'processes' | 'isIdle' | 'lastUsedAt' | 'stop'>;
}

/** Resolves when one more process may start. Throws `unavailable`, naming the limit. */
export async function makeRoom(next: Occupant, all: Iterable<Occupant>, limits: ProcessLimits): Promise<void> {
  const others = [...all].filter((each) => each !== next && runsHere(each.record.transport));
  const scopes: readonly { key: string; limit: number; within: readonly Occupant[]; what: string }[] = [
    {
      key: 'upstreams.max_processes_per_server',
      limit: limits.perServer,
      within: others.filter(({ record }) => record.id === next.record.id),
      what: `of server ${next.record.name}`,
    },
    {
      key: 'upstreams.max_processes_per_user',
      limit: limits.perUser,
      within: next.userKey === null ? [] : others.filter(({ userKey }) => userKey === next.userKey),
      what: 'of this person',
    },
    { key: 'upstreams.max_processes', limit: limits.overall, within: others, what: 'of servers' },
  ];
  const giveWay = new Set<Occupant>();
  for (const { key, limit, within, what } of scopes) {
    const stays = within.filter((each) => !giveWay.has(each));
    let count = stays.reduce((sum, { slot }) => sum + Math.max(slot.processes, slot.state === 'starting' ? 1 : 0), 0);
    const idle = stays.filter(({ slot }) => slot.isIdle).sort((a, b) => a.slot.lastUsedAt - b.slot.lastUsedAt);
    for (const each of idle) {
      if (count < limit) break;
      giveWay.add(each);
      count -= each.slot.processes;
    }
    if (count < limit) continue;
    const message = `server ${next.record.name} cannot start: ${count} processes ${what} are in use (${key}); try again when one is done, or raise the limit`;
    throw new GateError('unavailable', message);
  }
  await Promise.all([...giveWay].map(({ slot }) => slot.stop()));
}
