// Finds the people whom a trusted reverse proxy has signed in, by what its headers say. `http/doors/forwarded-door.ts` reads the headers, and has
// checked that they come from the proxy.
import { GateError } from 'mcpgate-shared/error';
import type { Principal } from '../../domain/people/principal.ts';
import type { Person, UserRecord } from '../../domain/people/people.ts';
import type { Store } from '../../store/store.ts';
import { EmailSchema, GroupNameSchema, toPerson, UserNameSchema } from '../registers/people.ts';
import type { WorkspaceSettings } from '../../domain/workspace.ts';
import { refusedElsewhere, type ExternalPeople } from './external-people.ts';
import { refused, type Refusal } from './refusal.ts';
import { createWorkspaceChoice } from './workspace-choice.ts';

const ISSUER = 'forwarded';
const MAX_GROUPS = 200;

export interface ForwardedUser {
  /** The person's user name, or an e-mail address. */
  name: string;
  /** Undefined: the proxy does not say the groups, so the stored ones stay. */
  groups: readonly string[] | undefined;
  email: string | undefined;
  /** The proxy's names for the person's workspace; empty where it names none, or is not asked. */
  workspaces: readonly string[];
}

export interface ForwardedSettings extends WorkspaceSettings {
  justInTime: boolean;
  /** Whether the proxy names people's workspaces. */
  asksForWorkspace: boolean;
}

export interface ForwardedPeople {
  /** The person, who is made where there is none and the configuration says so. */
  find(told: ForwardedUser, address: string): Promise<{ kind: 'ok'; person: Person; principal: Principal } | Refusal>;
}

export function createForwardedPeople(parts: {
  settings: ForwardedSettings;
  store: Store;
  people: ExternalPeople;
}): ForwardedPeople {
  const { settings, store, people } = parts;
  const { justInTime, asksForWorkspace: asks } = settings;
  const choose = createWorkspaceChoice({ settings, asks, toldBy: 'The reverse proxy', workspaces: store.workspaces });

  const answer = (user: UserRecord) => {
    const { id, workspaceId, name, role, groups } = user;
    const principal: Principal = {
      workspaceId,
      user: { id, name, role, groups },
      credential: { kind: 'forwarded', id, label: 'reverse proxy' },
    };
    return { kind: 'ok' as const, person: toPerson(user), principal };
  };

  /** Notes that the proxy's name means this person, so that the same name is nobody in another workspace. */
  const claim = async ({ id, workspaceId }: UserRecord, name: string): Promise<void> => {
    if ((await store.externalIdentities.issuersOf(id)).includes(ISSUER)) return;
    try {
      await store.externalIdentities.link({ workspaceId, issuer: ISSUER, subject: name, userId: id });
    } catch (error) {
      // Another request of theirs was first.
      if (!(error instanceof GateError) || error.code !== 'conflict') throw error;
    }
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
      const chosen = await choose(told.workspaces);
      if (chosen.kind === 'refused') return chosen;
      const { workspaceId } = chosen;
      const options = { workspaceId, justInTime, linkByEmail: false, actor: 'proxy', address };
      // A user name means the person who has it in mcpgate. An e-mail address may be that of several people, so it is an external identity of its own.
      const isLogin = UserNameSchema.safeParse(name).success;
      const known = isLogin ? await store.users.byName(workspaceId, name) : undefined;
      // Somebody whom the proxy has signed in to another workspace before belongs there. Somebody who only has the same name there is another person.
      const holders = await store.externalIdentities.holders(ISSUER, name);
      const elsewhere = holders.find((holder) => holder.workspaceId !== workspaceId);
      if (elsewhere !== undefined) return refusedElsewhere(name, workspaceId, elsewhere.workspaceId);
      if (known === undefined) {
        const facts = { issuer: ISSUER, subject: name, calledName: name, email, emailVerified: false };
        const admitted = await people.admit({ ...facts, groups: ours, role: undefined }, options);
        return admitted.kind === 'refused' ? admitted : answer(admitted.user);
      }
      if (known.disabledAt !== null) {
        const message = 'Your account on this broker is disabled. Ask your platform team.';
        return { ...refused('disabled', message, known.name), workspaceId };
      }
      if (holders.length === 0) await claim(known, name);
      const now = { groups: ours, role: undefined, email: told.email === undefined ? null : email };
      return answer(await people.update(known, now, options));
    },
  };
}
