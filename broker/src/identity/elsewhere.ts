// What other brokers over the same database have changed, for those who are here.
import { setImmediate } from 'node:timers/promises';
import type { UserRecord } from '../domain/people.ts';
import type { Live, Revocation } from '../domain/revocation.ts';
import type { Store } from '../store/store.ts';
import type { Changes } from './changes.ts';
import type { Elsewhere } from './identity.ts';
import type { Logins } from './logins.ts';
import type { ClientLogins } from './oauth/client-logins.ts';
import type { Revocations } from './revocations.ts';

/** So many are looked up at a time: the database serves others meanwhile. */
const AT_A_TIME = 4;

export function createElsewhere(parts: {
  store: Pick<Store, 'users' | 'devices' | 'grants' | 'adminTokens'>;
  revocations: Pick<Revocations, 'endHere' | 'live'>;
  changes: Changes;
  logins: Pick<Logins, 'of'>;
  clientLogins: Pick<ClientLogins, 'find'>;
}): Elsewhere {
  const { store, revocations, changes } = parts;

  const hasEnded = async ({ workspaceId, credential: { kind, id } }: Live): Promise<boolean> => {
    switch (kind) {
      case 'device': {
        const device = await store.devices.byId(id);
        return device?.revokedAt !== null || (await parts.logins.of(id)) === undefined;
      }
      case 'grant':
        return (await store.grants.byId(id))?.revokedAt !== null;
      case 'oauth':
        return (await parts.clientLogins.find(id)) === undefined;
      case 'admin-token':
        return (await store.adminTokens.list(workspaceId)).find((token) => token.id === id)?.revokedAt !== null;
      case 'forwarded':
        return false; // nothing but its person
    }
  };

  /** What was revoked that this one lives by. */
  const revocationOf = async (live: Live, person: UserRecord | undefined): Promise<Revocation | undefined> => {
    const { workspaceId, user, credential } = live;
    const common = { workspaceId, reason: 'it was revoked while this broker could not hear of it' };
    if (user !== undefined && person?.disabledAt !== null) return { ...common, kind: 'user', id: user.id };
    if (!(await hasEnded(live))) return undefined;
    const kind = credential.kind === 'device' || credential.kind === 'admin-token' ? credential.kind : 'grant';
    return { ...common, kind, id: credential.id };
  };

  return {
    revoked: (ended) => revocations.endHere(ended),
    changed: (userIds) => changes.tell(userIds),
    async recheck() {
      await changes.tell([]); // whoever is being let in now is looked up again
      const all = revocations.live();
      const each = [...new Map(all.map((live) => [keyOf(live), live])).values()];
      const people = new Map<string, UserRecord | undefined>();
      await lookAtAll([...new Set(all.flatMap(({ user }) => user?.id ?? []))], async (id) => {
        people.set(id, await store.users.byId(id));
      });
      const ended: Revocation[] = [];
      await lookAtAll(each, async (live) => {
        const revocation = await revocationOf(live, people.get(live.user?.id ?? ''));
        if (revocation !== undefined) ended.push(revocation);
      });
      await revocations.endHere(ended);
      // Whoever is as they were hears nothing: thousands who list anew at once would keep everybody else waiting.
      const changed = all.flatMap(({ user }) =>
        user !== undefined && !isSame(user, people.get(user.id)) ? user.id : [],
      );
      await changes.tell([...new Set(changed)]);
      return ended.length;
    },
  };
}

/** A few at a time, and others have their turn between: what waits for the event loop meanwhile goes first. */
async function lookAtAll<T>(all: readonly T[], look: (one: T) => Promise<void>): Promise<void> {
  const left = [...all];
  const work = async (): Promise<void> => {
    for (let one = left.pop(); one !== undefined; one = left.pop()) {
      await look(one);
      await setImmediate();
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, work));
}

function isSame(known: NonNullable<Live['user']>, now: UserRecord | undefined): boolean {
  if (now === undefined || known.name !== now.name || known.role !== now.role) return false;
  return known.groups.toSorted().join('\n') === now.groups.toSorted().join('\n');
}

function keyOf({ workspaceId, user, credential }: Live): string {
  return JSON.stringify([workspaceId, user?.id, credential.kind, credential.id]);
}
