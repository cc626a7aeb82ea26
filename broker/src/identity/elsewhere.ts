// Applies to this broker's open links, sessions and calls what other brokers over the same database have revoked or changed.
import type { UserRecord } from '../domain/people/people.ts';
import type { Live, Revocation } from '../domain/people/revocation.ts';
import type { Changes } from './registers/changes.ts';
import type { Elsewhere } from './identity.ts';
import type { ValidCredentials } from './registers/valid-credentials.ts';
import type { Revocations } from './revocations.ts';

export function createElsewhere(parts: {
  valid: ValidCredentials;
  revocations: Pick<Revocations, 'endHere' | 'live'>;
  changes: Changes;
}): Elsewhere {
  const { valid, revocations, changes } = parts;

  return {
    revoked: (ended) => revocations.endHere(ended),
    changed: (userIds) => changes.tell(userIds),
    async recheck() {
      await changes.tell([]); // who is being authenticated right now is looked up again
      const all = revocations.live();
      const each = [...new Map(all.map((live) => [keyOf(live), live])).values()];
      const people = await valid.people(all.flatMap(({ user }) => user?.id ?? []));
      const alive = await valid.credentials(each);
      const ended = each.flatMap((live) => revocationOf(live, people, alive) ?? []);
      await revocations.endHere(ended);
      // Only people whose role or groups differ are told: thousands of clients that list their tools anew at once would keep all others waiting.
      const changed = all.flatMap(({ user }) =>
        user !== undefined && !isSame(user, people.get(user.id)) ? user.id : [],
      );
      await changes.tell([...new Set(changed)]);
      return ended.length;
    },
  };
}

/** A grant is what is left where only the person could end. */
const REVOKED_AS = {
  device: 'device',
  grant: 'grant',
  oauth: 'grant',
  forwarded: 'grant',
  session: 'session',
  'admin-token': 'admin-token',
} as const satisfies Record<Live['credential']['kind'], Revocation['kind']>;

/** The revocation that ends `live`: of its person, or of its credential; undefined where both are still valid. */
function revocationOf(
  live: Live,
  people: ReadonlyMap<string, UserRecord>,
  alive: ReadonlySet<Live>,
): Revocation | undefined {
  const { workspaceId, user, credential } = live;
  const common = { workspaceId, reason: 'it was revoked while this broker could not hear of it' };
  if (user !== undefined && people.get(user.id)?.disabledAt !== null) return { ...common, kind: 'user', id: user.id };
  if (alive.has(live)) return undefined;
  const kind = REVOKED_AS[credential.kind];
  return { ...common, kind, id: credential.id };
}

function isSame(known: NonNullable<Live['user']>, now: UserRecord | undefined): boolean {
  if (now === undefined || known.name !== now.name || known.role !== now.role) return false;
  return known.groups.toSorted().join('\n') === now.groups.toSorted().join('\n');
}

function keyOf({ workspaceId, user, credential }: Live): string {
  return JSON.stringify([workspaceId, user?.id, credential.kind, credential.id]);
}
