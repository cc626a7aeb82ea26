// Access that somebody was denied and asks for: a denial offers it under an id, the person asks for it by that id, and whoever sees to rules grants
// it for a time, as a rule that ends.
import { createHash } from 'node:crypto';
import type { Clock } from 'mcpgate-shared/clock';
import { GateError } from 'mcpgate-shared/error';
import { createRecentMap } from '../domain/bounds/recent-map.ts';
import type { Approval } from '../domain/approval.ts';
import { shortId } from '../store/short-id.ts';
import type { Store } from '../store/store.ts';
import type { DeniedThing } from './approvals.ts';

const DAY_MS = 86_400_000;
const OFFERED_MS = 7 * DAY_MS;
const OPEN_MS = 7 * DAY_MS;
/** What is kept for one person to ask for, and what may wait. */
const MOST_OFFERED = 200;
/** How many new ones of a person one broker makes in a minute: whoever is denied so much does not read what they could ask for. */
const MOST_A_MINUTE = 60;
/** An offer is looked up again after that time: somebody may have asked for it meanwhile. */
const REMEMBERED_MS = 60_000;
/** Who sees to rules. */
const DECIDERS = ['role:operator', 'role:admin'];

/** By what access is known again, that somebody was denied or has asked for. */
export function accessBinding(workspaceId: string, ownerKey: string, what: string): string {
  const parts = [workspaceId, ownerKey.replace(/^user:/, ''), what];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

export function createAccessRequests({ store, clock }: { store: Pick<Store, 'approvals'>; clock: Clock }) {
  const offers = createRecentMap<string>({ clock, keepMs: REMEMBERED_MS });
  const made = createRecentMap<{ minute: number; count: number }>({ clock, keepMs: REMEMBERED_MS });

  /** Whether there is room for one more. */
  function mayOffer(workspaceId: string, userId: string): boolean {
    const key = `${workspaceId} ${userId}`;
    const minute = Math.floor(clock.now() / REMEMBERED_MS);
    const before = made.get(key);
    const count = before?.minute === minute ? before.count + 1 : 1;
    if (count > MOST_A_MINUTE) return false;
    made.set(key, { minute, count });
    return true;
  }

  return {
    /** The id under which this person asks for it; undefined where it cannot be asked for, or they are denied very much at once. */
    async offer({
      principal,
      clientName,
      address,
      server,
      what,
      policyVersion,
    }: DeniedThing): Promise<string | undefined> {
      const { user, workspaceId, device } = principal;
      // A rule would take the name for a glob.
      if (user === undefined || /[*?\s]/.test(what) || what.length > 300) return undefined;
      const binding = accessBinding(workspaceId, `user:${user.id}`, what);
      const known = offers.get(binding);
      if (known !== undefined) return known;
      if (!mayOffer(workspaceId, user.id)) return undefined;
      const offered = await store.approvals.ask(
        {
          ...{
            workspaceId,
            id: shortId('q_', 8),
            kind: 'access',
            ownerKey: `user:${user.id}`,
            who: `user:${user.name}`,
          },
          ...{ clientName, address, server, what, rule: null, policyVersion, approvers: DECIDERS },
          ...{ device: device?.name ?? null, thing: `access ${binding}`, binding, sealed: null, reason: null },
          ...{ state: 'offered', expiresAt: clock.now() + OFFERED_MS },
        },
        MOST_OFFERED,
      );
      if (offered !== undefined) offers.set(binding, offered.id);
      return offered?.id;
    },
    /**
     * It waits from now on, with the reason that was given last. `news`: what of that was not so before. Throws `not_found` for what was not offered to
     * this person.
     */
    async request(
      workspaceId: string,
      ownerKey: string,
      id: string,
      reason: string | null,
    ): Promise<{ approval: Approval; news: 'asked' | 'reason' | undefined }> {
      const found = await store.approvals.find(workspaceId, id);
      if (found !== undefined && found.ownerKey === ownerKey) {
        const opened = await store.approvals.open(workspaceId, id, { reason, until: clock.now() + OPEN_MS });
        if (opened !== undefined) return { approval: opened, news: 'asked' };
        const changed = reason === null ? undefined : await store.approvals.giveReason(workspaceId, id, reason);
        if (changed !== undefined) return { approval: changed, news: 'reason' };
        const now = await store.approvals.find(workspaceId, id);
        if (now !== undefined && now.state !== 'offered') return { approval: now, news: undefined };
      }
      const shown = JSON.stringify(id.slice(0, 40));
      throw new GateError(
        'not_found',
        `there is nothing to ask for under ${shown}; make the call again, and use the id in its denial`,
      );
    },
  };
}
