// Takes a decision that comes from outside: whether its signature is good, whether it came before, whose it is. It is decided as any other is, by
// that person and under the rules that hold for them.
import { may } from 'mcpgate-shared/api/roles';
import { GateError } from 'mcpgate-shared/error';
import type { Approvals, Decider } from '../../approvals/approvals.ts';
import type { Audit } from '../../audit/audit.ts';
import { createRecentMap } from '../../domain/bounds/recent-map.ts';
import { type ApprovalsHook, hookRule } from '../../domain/hook.ts';
import type { Log } from '../../domain/log.ts';
import { publicMessage } from '../../domain/public-message.ts';
import type { Store } from '../../store/store.ts';
import type { Vault } from '../../vault/vault.ts';
import type { HookSender } from '../hook-request.ts';
import { mayBeSigned, type Received, TOLERANCE_MS, verifiedSlack, verifiedStandard } from '../signature.ts';
import { readDecision, type ReadDecision } from './read-decision.ts';

/** `refused`: nobody who is known sent it. `not_decided`: somebody did, and may not, or came too late. */
export type Taken =
  { kind: 'refused' } | { kind: 'decided' | 'not_decided'; format: ApprovalsHook['format']; text: string };

export type TakeDecision = (
  at: { workspaceId: string; name: string; address: string | null; of?: object },
  message: Pick<Received, 'headers' | 'body'>,
) => Promise<Taken>;

export function createTakeDecision(needs: {
  store: Pick<Store, 'hooks' | 'users'>;
  vault: Pick<Vault, 'value'>;
  approvals: Pick<Approvals, 'decide'>;
  audit: Pick<Audit, 'refused' | 'event'>;
  sender: Pick<HookSender, 'answer'>;
  clock: { now(): number };
  log: Pick<Log, 'warn'>;
}): TakeDecision {
  const { store, vault, approvals, audit, sender, clock, log } = needs;
  /** The messages that came, for longer than any of them is taken. */
  const came = createRecentMap<true>({ clock, keepMs: 2 * TOLERANCE_MS + 1_000 });

  async function hookOf(workspaceId: string, name: string): Promise<ApprovalsHook | undefined> {
    const hook = await store.hooks.find(workspaceId, name);
    return hook?.kind === 'approvals' && hook.enabled && hook.signingSecret !== null ? hook : undefined;
  }

  async function verified(workspaceId: string, hook: ApprovalsHook, received: Received): Promise<string | undefined> {
    if (hook.signingSecret === null || !mayBeSigned(hook.format, received)) return undefined;
    try {
      const { value } = await vault.value(workspaceId, hook.signingSecret);
      return hook.format === 'slack' ? verifiedSlack(value, received) : verifiedStandard(value, received);
    } catch (error) {
      if (!(error instanceof GateError)) throw error;
      // Whoever asks may be anybody, and is told nothing of what the secret is called or where it comes from.
      log.warn({ err: error, hook: hook.name }, 'the secret that proves decisions could not be read');
      return undefined;
    }
  }

  async function personOf(workspaceId: string, hook: ApprovalsHook, { by, email }: ReadDecision) {
    const named = Object.hasOwn(hook.people, by) ? hook.people[by] : undefined;
    if (named !== undefined) return await store.users.byName(workspaceId, named.slice('user:'.length));
    if (!hook.byEmail || email === null) return undefined;
    const found = await store.users.byEmail(workspaceId, email);
    return found.length === 1 ? found[0] : undefined;
  }

  async function decide(
    workspaceId: string,
    hook: ApprovalsHook,
    read: ReadDecision,
    address: string | null,
    of: object | undefined,
  ): Promise<Taken> {
    const { format, name } = hook;
    const person = await personOf(workspaceId, hook, read);
    const about = { workspace_id: workspaceId, subject: `request:${read.request.slice(0, 40)}`, address };
    if (person === undefined || person.disabledAt !== null) {
      const data = { hook: name, by: read.by };
      const event = { type: 'approval.refused', actor: 'anonymous', data: { ...data, why: 'unknown' } };
      await audit.refused({ ...about, ...event }, of);
      return { kind: 'not_decided', format, text: unknownPerson(name, read.by) };
    }
    const { id, name: user, role, groups } = person;
    const decider: Decider = {
      actor: { name: user, address },
      principal: {
        user: { id, name: user, role, groups },
        credential: { kind: 'forwarded', id: name, label: hookRule(name) },
      },
      isAdministrator: may(role, 'administer'),
    };
    const { request, verdict, forMs, note } = read;
    try {
      const decided = await approvals.decide(workspaceId, request, { verdict, forMs, note, by: 'hook' }, decider);
      const what = decided.state === 'denied' ? 'denied' : forMs === undefined ? 'approved' : 'approved for a time';
      return { kind: 'decided', format, text: `${request} is ${what}` };
    } catch (error) {
      if (!(error instanceof GateError)) throw error;
      const data = { hook: name, by: read.by, why: error.code };
      await audit.refused({ ...about, type: 'approval.refused', actor: user, data }, of);
      return { kind: 'not_decided', format, text: publicMessage(error) };
    }
  }

  return async ({ workspaceId, name, address, of }, message) => {
    const received = { ...message, now: clock.now() };
    const hook = await hookOf(workspaceId, name);
    const id = hook && (await verified(workspaceId, hook, received));
    const key = JSON.stringify([workspaceId, name, id]);
    const read =
      hook && id !== undefined && came.get(key) === undefined ? readDecision(hook.format, message.body) : undefined;
    if (hook === undefined || id === undefined || read === undefined) {
      const why =
        hook === undefined || id === undefined ? 'signature' : came.get(key) === undefined ? 'form' : 'replay';
      // What strangers call a workspace or a hook is not written down.
      const at = hook === undefined ? 'default' : workspaceId;
      const data = { door: 'hooks', reason: why };
      const subject = hook === undefined ? null : `hook:${name}`;
      await audit.refused({ workspace_id: at, type: 'auth.rejected', actor: 'anonymous', subject, address, data }, of);
      return { kind: 'refused' };
    }
    came.set(key, true);
    const taken = await decide(workspaceId, hook, read, address, of);
    if (read.answerTo !== null && taken.kind !== 'refused')
      sender
        .answer(workspaceId, hook, read.answerTo, JSON.stringify(ephemeral(taken.text)))
        .catch((error: unknown) => log.warn({ err: error, hook: name }, 'who decided could not be answered'));
    return taken;
  };
}

/** As Slack shows something to one person alone. */
export const ephemeral = (text: string): object => ({
  ...{
    response_type: 'ephemeral',
    replace_original: false,
    text: text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;'),
  },
});

/** `id`: that the other side has for them. Nobody sees their own in Slack; it is left out where it is more than a word. */
const unknownPerson = (hook: string, id: string): string =>
  `mcpgate does not know you; ask its administrators to name ${/^[\w.@-]{1,100}$/.test(id) ? id : 'you'} in the --map of the hook ${hook}`;
