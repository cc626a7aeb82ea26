// Tells hooks what waits for somebody's yes, and what was decided: what is to be told is put into their queues, and looked up anew when it is sent.
import type { Approvals, ApprovalChange } from '../../approvals/approvals.ts';
import { retryAfterMs } from '../../net/retry-after.ts';
import type { Attempted, Deliveries, Delivery } from '../../deliveries/deliveries.ts';
import type { ApprovalsHook } from '../../domain/hook.ts';
import type { Log } from '../../domain/log.ts';
import type { Store } from '../../store/store.ts';
import type { HookSender } from '../hook-request.ts';
import { slackMessage, standardMessage, type Told } from './messages.ts';

const KIND = 'approvals';
export const destinationOf = (workspaceId: string, name: string): string => `${KIND}:${workspaceId}/${name}`;

interface Needs {
  store: Pick<Store, 'hooks' | 'workspaces'>;
  approvals: Pick<Approvals, 'find' | 'open' | 'onChange' | 'pageOf'>;
  deliveries: Pick<Deliveries, 'put' | 'take'>;
  sender: HookSender;
  clock: { now(): number };
  log: Pick<Log, 'warn'>;
}

/** Begins to tell; what was asked while no broker ran is told as well. Returns the function that ends it. */
export function tellApprovals({ store, approvals, deliveries, sender, clock, log }: Needs): () => void {
  async function put({ workspaceId, id }: ApprovalChange): Promise<void> {
    const hooks = (await store.hooks.list(workspaceId)).filter(({ kind, enabled }) => kind === 'approvals' && enabled);
    if (hooks.length === 0) return;
    const request = await approvals.find(workspaceId, id);
    const told: Told | undefined = request === undefined ? undefined : TOLD[request.state];
    if (told === undefined) return;
    for (const { name } of hooks) {
      const destination = destinationOf(workspaceId, name);
      // Every broker hears of it: the id makes it one.
      await deliveries.put({ workspaceId, destination, id: `${id}.${told}`, payload: JSON.stringify({ id, told }) });
    }
  }

  async function attempt({ workspaceId, destination, id, payload }: Delivery, signal: AbortSignal): Promise<Attempted> {
    const name = destination.slice(destination.indexOf('/') + 1);
    const hook = await store.hooks.find(workspaceId, name);
    if (hook?.kind !== 'approvals' || !hook.enabled) return { kind: 'pointless' };
    const { id: requestId, told } = JSON.parse(payload) as { id: string; told: Told };
    const request = await approvals.find(workspaceId, requestId);
    if (request === undefined) return { kind: 'pointless' };
    const page = approvals.pageOf(request);
    const message =
      hook.format === 'slack'
        ? slackMessage(request, told, page, hook.signingSecret !== null)
        : standardMessage(request, told, page);
    return await sendTo(sender, { workspaceId, hook, id, body: JSON.stringify(message), now: clock.now() }, signal);
  }

  async function catchUp(): Promise<void> {
    for (const { name: workspaceId } of await store.workspaces.list()) {
      const hooks = await store.hooks.list(workspaceId);
      if (!hooks.some(({ kind, enabled }) => kind === 'approvals' && enabled)) continue;
      for await (const ids of approvals.open(workspaceId)) for (const id of ids) await put({ workspaceId, id });
    }
  }

  const failed = (error: unknown) => log.warn({ err: error }, 'what waits for a yes could not be put into a queue');
  deliveries.take(KIND, attempt);
  catchUp().catch(failed);
  return approvals.onChange((change) => void put(change).catch(failed));
}

const TOLD: Partial<Record<string, Told>> = { open: 'asked', approved: 'decided', denied: 'decided', used: 'decided' };

/** Sends one message, and says whether it has arrived. */
async function sendTo(
  sender: HookSender,
  {
    workspaceId,
    hook,
    id,
    body,
    now,
  }: { workspaceId: string; hook: ApprovalsHook; id: string; body: string; now: number },
  signal: AbortSignal,
): Promise<Attempted> {
  const time = AbortSignal.any([signal, AbortSignal.timeout(hook.timeoutMs)]);
  const { status, headers } = await sender.send(workspaceId, hook, { id, body, headersOnly: true }, time);
  if (status >= 200 && status < 300) return { kind: 'arrived' };
  // Gone, as the specification of Standard Webhooks has it: it is to be told nothing any more.
  if (status === 410) return { kind: 'never', why: 'the receiver says that it is gone (410)' };
  return { kind: 'again', why: `status ${status}`, retryAfterMs: retryAfterMs(headers.get('retry-after'), now) };
}
