// People whom a trusted reverse proxy has signed in: the proxy's word is who they are. The door that reads its headers has checked that
// it is the proxy who speaks.
import type { Principal } from '../../domain/principal.ts';
import type { Person, UserRecord } from '../../domain/people.ts';
import type { Store } from '../../store/store.ts';
import { EmailSchema, GroupNameSchema, toPerson, UserNameSchema } from '../people.ts';
import type { ExternalPeople } from './external-people.ts';
import { refused, type Refusal } from './refusal.ts';

const ISSUER = 'forwarded';
const MAX_GROUPS = 200;

export interface ForwardedUser {
  /** A login name, or an address. */
  name: string;
  /** Undefined: the proxy does not tell groups, those here stay. */
  groups: readonly string[] | undefined;
  email: string | undefined;
}

export interface ForwardedPeople {
  /** The person, made where the configuration says so. */
  find(told: ForwardedUser, address: string): Promise<{ kind: 'ok'; person: Person; principal: Principal } | Refusal>;
}

export function createForwardedPeople(parts: {
  workspaceId: string;
  justInTime: boolean;
  store: Store;
  people: ExternalPeople;
}): ForwardedPeople {
  const { workspaceId, justInTime, store, people } = parts;

  const answer = (user: UserRecord) => {
    const { id, name, role, groups } = user;
    const principal: Principal = {
      workspaceId,
      user: { id, name, role, groups },
      credential: { kind: 'forwarded', id, label: 'reverse proxy' },
    };
    return { kind: 'ok' as const, person: toPerson(user), principal };
  };

  return {
    async find(told, address) {
      const name = told.name.trim().toLowerCase();
      const email = EmailSchema.safeParse(told.email ?? name).data ?? null;
      const groups = told.groups
        ?.map((group) => group.toLowerCase())
        .filter((group) => GroupNameSchema.safeParse(group).success)
        .slice(0, MAX_GROUPS);
      const ours = groups && [...new Set(groups)].toSorted();
      const options = { justInTime, linkByEmail: false, actor: 'proxy', address };
      // A login name is the person's here; an address may fit several of them, so it gets an identity of its own.
      const known = UserNameSchema.safeParse(name).success ? await store.users.byName(workspaceId, name) : undefined;
      if (known === undefined) {
        const facts = { issuer: ISSUER, subject: name, calledName: name, email, emailVerified: false };
        const admitted = await people.admit({ ...facts, groups: ours, role: undefined }, options);
        return admitted.kind === 'refused' ? admitted : answer(admitted.user);
      }
      if (known.disabledAt !== null)
        return refused('disabled', 'Your account on this broker is disabled. Ask your platform team.', known.name);
      const now = { groups: ours, role: undefined, email: told.email === undefined ? null : email };
      return answer(await people.update(known, now, options));
    },
  };
}
