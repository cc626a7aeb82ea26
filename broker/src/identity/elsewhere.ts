// What other brokers over the same database have changed, for those who are here.
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

  const isGone = async (user: NonNullable<Live['user']>): Promise<boolean> =>
    (await store.users.byId(user.id))?.disabledAt !== null;

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
  const revocationOf = async (live: Live): Promise<Revocation | undefined> => {
    const { workspaceId, user, credential } = live;
    const common = { workspaceId, reason: 'it was revoked while this broker could not hear of it' };
    if (user !== undefined && (await isGone(user))) return { ...common, kind: 'user', id: user.id };
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
      const ended: Revocation[] = [];
      const look = async (): Promise<void> => {
        for (let live = each.pop(); live !== undefined; live = each.pop()) {
          const revocation = await revocationOf(live);
          if (revocation !== undefined) ended.push(revocation);
        }
      };
      await Promise.all(Array.from({ length: AT_A_TIME }, look));
      await revocations.endHere(ended);
      await changes.tell([...new Set(all.flatMap(({ user }) => (user === undefined ? [] : [user.id])))]);
      return ended.length;
    },
  };
}

function keyOf({ workspaceId, user, credential }: Live): string {
  return JSON.stringify([workspaceId, user?.id, credential.kind, credential.id]);
}
