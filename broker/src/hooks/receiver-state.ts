// How the receiver of a hook stands: what waits for it, and whether it has taken nothing for so long that somebody should see to it. Whoever shows a hook
// and whoever sums up the broker say it by this.
import { localTime } from 'mcpgate-shared/local-time';
import type { Deliveries, DeliveryQueue } from '../deliveries/deliveries.ts';
import type { Hook } from '../domain/hook.ts';
import { inWorkspace } from '../domain/workspace.ts';
import { destinationOf } from './approvals/tell-approvals.ts';
import type { LogFeeds } from './log/feed-log.ts';

export type ReceiverQueue = Omit<DeliveryQueue, 'bytes'>;

/** What is tried again within that time is nobody's business. */
export const PATIENCE_MS = 60_000;

/** Of a feed of the log rows wait. Undefined: the hook has no queue. */
export async function queueOfHook(
  { deliveries, feeds }: { deliveries: Pick<Deliveries, 'queues'>; feeds: Pick<LogFeeds, 'state'> },
  workspaceId: string,
  hook: Hook,
): Promise<ReceiverQueue | undefined> {
  if (hook.kind === 'log') {
    const feed = await feeds.state(workspaceId, hook.name);
    return feed && { ...feed, queued: feed.rows };
  }
  if (hook.kind !== 'approvals') return undefined;
  const queues = await deliveries.queues(workspaceId);
  return queues.find(({ destination }) => destination === destinationOf(workspaceId, hook.name));
}

export function receiverWarnings(
  workspaceId: string,
  { name, kind, enabled }: Pick<Hook, 'name' | 'kind' | 'enabled'>,
  queue: ReceiverQueue | undefined,
  now: number,
): string[] {
  if (!enabled || queue === undefined || queue.attempts === 0) return [];
  const { oldestAt, queued, lastError } = queue;
  if (oldestAt === null || now - oldestAt < PATIENCE_MS) return [];
  const what = kind === 'log' ? 'the log' : 'what waits for a yes';
  const one = kind === 'log' ? 'row' : 'message';
  const waits = queued === 1 ? `1 ${one} waits` : `${queued} ${one}s wait`;
  return [
    `the hook ${name} has not taken ${what} since ${localTime(oldestAt)} (${lastError ?? 'it gives no answer'}), and ${waits}: \`hook test ${name}${inWorkspace(workspaceId)}\` tries it`,
  ];
}
