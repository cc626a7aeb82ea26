// Admits people for whom the company's IdP or a trusted proxy vouches: finds the person behind an external identity; links it to a person, or makes
// one, where the configuration says so; and brings groups, role and e-mail address up to date. The identity is issuer and subject, so a person
// whose name or address changes stays the same.
import { GateError } from 'mcpgate-shared/error';
import type { Audit } from '../../audit/audit.ts';
import type { AuditEvent } from '../../domain/call-record.ts';
import type { UserRecord } from '../../domain/people/people.ts';
import type { Log } from '../../domain/log.ts';
import type { Store } from '../../store/store.ts';
import type { Users } from '../registers/registers.ts';
import { createKeyedLock } from '../keyed-lock.ts';
import { freeUserName, toUserName } from '../registers/user-names.ts';
import type { ExternalPerson } from './idp-claims.ts';
import { refused, type Refusal } from './refusal.ts';

/** The refusal of somebody who is a person of the workspace `knownIn`, and is now said to belong to `workspaceId`. */
export const refusedElsewhere = (calledName: string, workspaceId: string, knownIn: string): Refusal => ({
  ...refused(
    'elsewhere',
    'You belong to another workspace of this broker, and a person is in one. Ask your platform team.',
    `known in the workspace ${knownIn}`,
  ),
  workspaceId,
  calledName: calledName.slice(0, 64),
});

export interface AdmitOptions {
  /** The person's workspace. */
  workspaceId: string;
  justInTime: boolean;
  linkByEmail: boolean;
  /** The actor in the audit log: `idp:HOST`, `proxy`. */
  actor: string;
  address: string;
}

/** What is to be set to what the IdP or proxy says now. */
export type Differences = Partial<Pick<UserRecord, 'groups' | 'role'> & { email: string }>;

/** As whom a person comes in: as one who is known by this identity, by their address, or as a new one. */
export type Admission =
  { kind: 'known' | 'linked'; user: UserRecord; changes: Differences } | { kind: 'made'; name: string };

export interface ExternalPeople {
  /** What `admit` would do. It changes nothing. */
  decide(person: ExternalPerson, options: AdmitOptions): Promise<Admission | Refusal>;
  /** The person behind an identity. One who is known in another workspace is refused, because a person belongs to one only. */
  admit(person: ExternalPerson, options: AdmitOptions): Promise<{ kind: 'ok'; user: UserRecord } | Refusal>;
  /** Sets the groups, role and e-mail address that the IdP or proxy says now, where they differ from what is stored. */
  update(
    user: UserRecord,
    told: Pick<ExternalPerson, 'groups' | 'role' | 'email'>,
    by: Pick<AdmitOptions, 'actor' | 'address'>,
  ): Promise<UserRecord>;
}

function differences(
  user: UserRecord,
  { groups, role, email }: Pick<ExternalPerson, 'groups' | 'role' | 'email'>,
): Differences {
  return {
    ...(groups !== undefined && groups.join('\n') !== user.groups.join('\n') && { groups }),
    ...(role !== undefined && role !== user.role && { role }),
    ...(email !== null && email !== user.email && { email }),
  };
}

export function createExternalPeople(parts: {
  store: Store;
  audit: Audit;
  log: Log;
  users: Pick<Users, 'setGroups' | 'setRole'>;
}): ExternalPeople {
  const { store, audit, log, users } = parts;
  const locks = createKeyedLock();

  const record = (
    type: string,
    { workspaceId, name }: Pick<UserRecord, 'workspaceId' | 'name'>,
    { actor, address }: Pick<AdmitOptions, 'actor' | 'address'>,
    data: AuditEvent['data'],
  ) => audit.event({ workspace_id: workspaceId, type, actor, subject: `user:${name}`, address, data });

  /** The one person who has the same verified e-mail address and no identity at this IdP yet; undefined where there is none, or more than one. */
  const sameAddress = async (
    { issuer, email, emailVerified }: ExternalPerson,
    { workspaceId }: AdmitOptions,
  ): Promise<UserRecord | undefined> => {
    if (email === null || !emailVerified) return undefined;
    const free: UserRecord[] = [];
    for (const user of await store.users.byEmail(workspaceId, email))
      if (!(await store.externalIdentities.issuersOf(user.id)).includes(issuer)) free.push(user);
    return free.length === 1 ? free[0] : undefined;
  };

  const find = async (
    { issuer, subject }: ExternalPerson,
    { workspaceId }: AdmitOptions,
  ): Promise<{ user: UserRecord | undefined; elsewhere: string | undefined }> => {
    const holders = await store.externalIdentities.holders(issuer, subject);
    const here = holders.find((holder) => holder.workspaceId === workspaceId);
    const elsewhere = holders.find((holder) => holder.workspaceId !== workspaceId)?.workspaceId;
    return { user: here && (await store.users.byId(here.userId)), elsewhere };
  };

  /** Logs that the e-mail address of a new person is that of somebody in another workspace too. It is no reason to refuse anybody. */
  const noteNamesakes = async ({ email }: ExternalPerson, { workspaceId }: AdmitOptions): Promise<void> => {
    const known = email === null ? [] : await store.users.workspacesOf(email);
    const others = known.filter((each) => each !== workspaceId);
    if (others.length === 0) return;
    log.warn(
      { workspace: workspaceId, others },
      "whoever signs in has an address that is also somebody's in another workspace",
    );
  };

  const make = async (person: ExternalPerson, name: string, options: AdmitOptions): Promise<UserRecord | 'again'> => {
    const { issuer, subject } = person;
    const { workspaceId } = options;
    const { email, role = 'member', groups = [] } = person;
    const user = await store.users.create({ workspaceId, name, email, role, groups });
    try {
      await store.externalIdentities.link({ workspaceId, issuer, subject, userId: user.id });
    } catch (error) {
      await store.users.remove(user.id);
      if (error instanceof GateError && error.code === 'conflict') return 'again';
      throw error;
    }
    await record('user.created', user, options, { issuer, role, groups });
    return user;
  };

  const decide = async (person: ExternalPerson, options: AdmitOptions): Promise<Admission | Refusal> => {
    const { workspaceId, linkByEmail, justInTime } = options;
    const known = await find(person, options);
    if (known.elsewhere !== undefined) return refusedElsewhere(person.calledName, workspaceId, known.elsewhere);
    const user = known.user ?? (linkByEmail ? await sameAddress(person, options) : undefined);
    if (user === undefined) {
      if (justInTime)
        return { kind: 'made', name: await freeUserName(store, workspaceId, toUserName(person.calledName)) };
      const message = 'You have no account on this broker yet. Ask your platform team for one.';
      return { ...refused('no_account', message), workspaceId };
    }
    if (user.disabledAt !== null) {
      const message = 'Your account on this broker is disabled. Ask your platform team.';
      return { ...refused('disabled', message, user.name), workspaceId };
    }
    return { kind: known.user === undefined ? 'linked' : 'known', user, changes: differences(user, person) };
  };

  /** Does what was decided; `again`: another broker was first with the same person, so it is to be decided anew. */
  const carryOut = async (
    admission: Admission,
    person: ExternalPerson,
    options: AdmitOptions,
  ): Promise<UserRecord | 'again'> => {
    if (admission.kind === 'made') return make(person, admission.name, options);
    const { user } = admission;
    if (admission.kind === 'linked') {
      const { issuer, subject } = person;
      await store.externalIdentities.link({ workspaceId: user.workspaceId, issuer, subject, userId: user.id });
      await record('user.identity_linked', user, options, { issuer });
    }
    return update(user, person, options);
  };

  const update: ExternalPeople['update'] = async (user, told, by) => {
    const { groups, role, email } = differences(user, told);
    const actor = { name: by.actor, address: by.address };
    if (groups !== undefined) await users.setGroups(user.workspaceId, user.name, groups, actor);
    if (role !== undefined) await users.setRole(user.workspaceId, user.name, role, actor);
    if (email !== undefined) {
      await store.users.setEmail(user.id, email);
      await record('user.email_changed', user, by, { email });
    }
    if (groups === undefined && role === undefined && email === undefined) return user;
    const now = await store.users.byId(user.id);
    if (now === undefined) throw new GateError('conflict', 'the user was removed meanwhile');
    return now;
  };

  return {
    decide,
    update,
    async admit(person, options) {
      const { release } = await locks.acquire(`${person.issuer}\n${person.subject}`);
      try {
        let admission = await decide(person, options);
        if (admission.kind === 'made' || (admission.kind === 'refused' && admission.reason === 'no_account'))
          await noteNamesakes(person, options);
        if (admission.kind === 'refused') return admission;
        let user = await carryOut(admission, person, options);
        if (user === 'again') {
          admission = await decide(person, options);
          if (admission.kind === 'refused') return admission;
          user = await carryOut(admission, person, options);
        }
        if (user === 'again') throw new GateError('conflict', 'the user was removed meanwhile');
        return { kind: 'ok', user };
      } finally {
        release();
      }
    },
  };
}
