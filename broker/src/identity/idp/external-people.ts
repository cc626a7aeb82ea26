// Lets somebody in whom another system vouches for: finds the person behind the identity, links or makes one where the configuration
// says so, and brings groups, role and address up to date. Issuer and subject are the identity: a new name or address is no new person.
import { GateError } from 'mcpgate-shared/error';
import type { Audit } from '../../audit/audit.ts';
import type { AuditEvent } from '../../domain/call-record.ts';
import type { UserRecord } from '../../domain/people.ts';
import type { Store } from '../../store/store.ts';
import type { Users } from '../identity.ts';
import { createKeyedLock } from '../keyed-lock.ts';
import { freeUserName, toUserName } from '../user-names.ts';
import type { ExternalPerson } from './idp-claims.ts';
import { refused, type Refusal } from './refusal.ts';

export interface AdmitOptions {
  justInTime: boolean;
  linkByEmail: boolean;
  /** Who is named in the audit log: `idp:HOST`, `proxy`. */
  actor: string;
  address: string;
}

export interface ExternalPeople {
  admit(person: ExternalPerson, options: AdmitOptions): Promise<{ kind: 'ok'; user: UserRecord } | Refusal>;
  /** The groups and the role that a system says now; what did not change is not touched. */
  update(
    user: UserRecord,
    told: Pick<ExternalPerson, 'groups' | 'role' | 'email'>,
    options: AdmitOptions,
  ): Promise<UserRecord>;
}

export function createExternalPeople(parts: {
  workspaceId: string;
  store: Store;
  audit: Audit;
  users: Pick<Users, 'setGroups' | 'setRole'>;
}): ExternalPeople {
  const { workspaceId, store, audit, users } = parts;
  const locks = createKeyedLock();

  const record = (type: string, user: string, { actor, address }: AdmitOptions, data: AuditEvent['data']) =>
    audit.event({ workspace_id: workspaceId, type, actor, subject: `user:${user}`, address, data });

  /** Who is here already with the same checked address, if that is one person, who is not somebody else at the same IdP. */
  const sameAddress = async ({ issuer, email, emailVerified }: ExternalPerson): Promise<UserRecord | undefined> => {
    if (email === null || !emailVerified) return undefined;
    const [user, ...others] = await store.users.byEmail(workspaceId, email);
    if (user === undefined || others.length > 0) return undefined;
    return (await store.externalIdentities.issuersOf(user.id)).includes(issuer) ? undefined : user;
  };

  const find = async ({ issuer, subject }: ExternalPerson): Promise<UserRecord | undefined> => {
    const id = await store.externalIdentities.userIdOf(workspaceId, issuer, subject);
    return id === undefined ? undefined : store.users.byId(id);
  };

  const make = async (person: ExternalPerson, options: AdmitOptions): Promise<UserRecord | undefined> => {
    const { issuer, subject } = person;
    const name = await freeUserName(store, workspaceId, toUserName(person.calledName));
    const { email, role = 'member', groups = [] } = person;
    const user = await store.users.create({ workspaceId, name, email, role, groups });
    try {
      await store.externalIdentities.link({ workspaceId, issuer, subject, userId: user.id });
    } catch (error) {
      await store.users.remove(user.id);
      // Another broker was first with the same person.
      if (error instanceof GateError && error.code === 'conflict') return find(person);
      throw error;
    }
    await record('user.created', name, options, { issuer, role, groups });
    return user;
  };

  const findOrMake = async (person: ExternalPerson, options: AdmitOptions): Promise<UserRecord | undefined> => {
    const known = await find(person);
    if (known !== undefined) return known;
    const { issuer, subject } = person;
    const local = options.linkByEmail ? await sameAddress(person) : undefined;
    if (local !== undefined) {
      await store.externalIdentities.link({ workspaceId, issuer, subject, userId: local.id });
      await record('user.identity_linked', local.name, options, { issuer });
      return local;
    }
    return options.justInTime ? make(person, options) : undefined;
  };

  const update: ExternalPeople['update'] = async (user, told, options) => {
    const { groups, role, email } = told;
    const changed = {
      groups: groups !== undefined && groups.join('\n') !== user.groups.join('\n'),
      role: role !== undefined && role !== user.role,
      email: email !== null && email !== user.email,
    };
    const actor = { name: options.actor, address: options.address };
    if (changed.groups && groups !== undefined) await users.setGroups(workspaceId, user.name, groups, actor);
    if (changed.role && role !== undefined) await users.setRole(workspaceId, user.name, role, actor);
    if (changed.email) {
      await store.users.setEmail(user.id, email);
      await record('user.email_changed', user.name, options, { email });
    }
    if (!Object.values(changed).includes(true)) return user;
    const now = await store.users.byId(user.id);
    if (now === undefined) throw new GateError('conflict', 'the user was removed meanwhile');
    return now;
  };

  return {
    update,
    async admit(person, options) {
      const { release } = await locks.acquire(`${person.issuer}\n${person.subject}`);
      try {
        const user = await findOrMake(person, options);
        if (user === undefined)
          return refused('no_account', 'You have no account on this broker yet. Ask your platform team for one.');
        if (user.disabledAt !== null)
          return refused('disabled', 'Your account on this broker is disabled. Ask your platform team.', user.name);
        return { kind: 'ok', user: await update(user, person, options) };
      } finally {
        release();
      }
    },
  };
}
