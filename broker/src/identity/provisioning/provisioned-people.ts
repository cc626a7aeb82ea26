// The people whom the company's IdP adds, changes, deactivates and removes over SCIM.
import { may } from 'mcpgate-shared/api/roles';
import { GateError } from 'mcpgate-shared/error';
import type { Audit } from '../../audit/audit.ts';
import type { UserRecord } from '../../domain/people/people.ts';
import type { Actor } from '../../domain/people/receipt.ts';
import type { ProvisionedNames } from '../../store/repositories/people/provisioning.ts';
import type { Store } from '../../store/store.ts';
import type { Users } from '../registers/registers.ts';
import { createKeyedLock } from '../keyed-lock.ts';
import { freeUserName, toUserName } from '../registers/user-names.ts';
import type { PersonChange, ProvisionedPeople, ProvisionedPerson } from './provisioning.ts';

/** The lock's key for adding somebody; no person's id is like it. */
const ADDING = 'adding';

export function createProvisionedPeople(parts: {
  store: Store;
  audit: Audit;
  users: Pick<Users, 'add' | 'disable' | 'enable' | 'remove'>;
}): ProvisionedPeople {
  const { store, audit, users } = parts;
  const locks = createKeyedLock();
  const locked = async <T>(key: string, work: () => Promise<T>): Promise<T> => {
    const { release } = await locks.acquire(key);
    try {
      return await work();
    } finally {
      release();
    }
  };

  const toPerson = async (user: UserRecord): Promise<ProvisionedPerson> => ({
    ...namesOf(user, await store.provisioning.ofUser(user.id)),
    id: user.id,
    email: user.email,
    active: user.disabledAt === null,
    groups: user.groups,
    createdAt: user.createdAt,
  });

  const require = async (workspaceId: string, id: string): Promise<UserRecord> => {
    const user = await store.users.byId(id);
    if (user?.workspaceId !== workspaceId) throw new GateError('not_found', `there is no user with the id ${id}`);
    return user;
  };

  const some = async (workspaceId: string, ids: readonly string[]): Promise<UserRecord[]> => {
    const found = await Promise.all(ids.map((id) => store.users.byId(id)));
    return found.filter((user) => user?.workspaceId === workspaceId).filter((user) => user !== undefined);
  };

  /**
   * The people to whom the IdP has given this user name. Where there is none, the person whom the IdP has given no user name yet, and who
   * shows this one as their e-mail address or name.
   */
  const byUserName = async (workspaceId: string, userName: string): Promise<UserRecord[]> => {
    const ids = await store.provisioning.userIdsOf(workspaceId, { userName });
    if (ids.length > 0) return some(workspaceId, ids);
    const local = await store.users.byName(workspaceId, userName.toLowerCase());
    const candidates = [...(await store.users.byEmail(workspaceId, userName)), ...(local ? [local] : [])];
    const found: UserRecord[] = [];
    for (const user of candidates) if ((await store.provisioning.ofUser(user.id)) === undefined) found.push(user);
    return found.slice(0, 1);
  };

  const find: ProvisionedPeople['find'] = async (workspaceId, { by, value }) => {
    let found: UserRecord[];
    if (by === 'userName') found = await byUserName(workspaceId, value);
    else if (by === 'id') found = await some(workspaceId, [value]);
    else found = await some(workspaceId, await store.provisioning.userIdsOf(workspaceId, { externalId: value }));
    return Promise.all(found.map(toPerson));
  };

  const record = (type: string, user: UserRecord, actor: Actor, data: Readonly<Record<string, string | null>>) =>
    audit.event({
      workspace_id: user.workspaceId,
      type,
      actor: actor.name,
      subject: `user:${user.name}`,
      address: actor.address,
      data,
    });

  const setNames = async (user: UserRecord, change: PersonChange, actor: Actor): Promise<void> => {
    const before = await store.provisioning.ofUser(user.id);
    const { email, active: _active, ...told } = change;
    const names = { ...namesOf(user, before), ...told };
    const isNew =
      before === undefined || Object.entries(names).some(([key, value]) => Reflect.get(before, key) !== value);
    if (isNew) {
      await store.provisioning.putUser({ userId: user.id, workspaceId: user.workspaceId, ...names });
      const { userName: user_name, externalId: external_id } = names;
      await record('user.provisioned', user, actor, { user_name, external_id });
    }
    // A sign-in at the IdP may recognize a person by the e-mail address, so only plain members get one from here: else an administrator's account
    // could be given the address of somebody else, who would then sign in as that administrator.
    if (email === undefined || email === user.email || !may(user.role, 'told_email')) return;
    await store.users.setEmail(user.id, email);
    await record('user.email_changed', user, actor, { email });
  };

  return {
    find,
    async list(workspaceId, page) {
      const [total, ids] = await Promise.all([
        store.users.count(workspaceId),
        store.provisioning.pageOfUserIds(workspaceId, page),
      ]);
      return { total, people: await Promise.all((await some(workspaceId, ids)).map(toPerson)) };
    },
    show: async (workspaceId, id) => toPerson(await require(workspaceId, id)),
    add: (workspaceId, person, actor) =>
      locked(ADDING, async () => {
        if ((await byUserName(workspaceId, person.userName)).length > 0)
          throw new GateError('conflict', `there is a user "${person.userName}" already`);
        const name = await freeUserName(store, workspaceId, toUserName(person.userName));
        const { id } = await users.add(workspaceId, { name, email: person.email ?? null }, actor);
        const user = await require(workspaceId, id);
        try {
          await setNames(user, person, actor);
        } catch (error) {
          await users.remove(workspaceId, name, actor); // another broker was first with the same user name
          throw error;
        }
        if (person.active === false) await users.disable(workspaceId, name, actor);
        return toPerson(await require(workspaceId, id));
      }),
    change: (workspaceId, id, change, actor) =>
      locked(id, async () => {
        const user = await require(workspaceId, id);
        if (change.active === false) await users.disable(workspaceId, user.name, actor);
        await setNames(user, change, actor);
        if (change.active === true && user.disabledAt !== null) await users.enable(workspaceId, user.name, actor);
        return toPerson(await require(workspaceId, id));
      }),
    async remove(workspaceId, id, actor) {
      await users.remove(workspaceId, (await require(workspaceId, id)).name, actor);
    },
  };
}

function namesOf({ email, name }: UserRecord, told: ProvisionedNames | undefined): ProvisionedNames {
  return told ?? { userName: email ?? name, externalId: null, displayName: null, givenName: null, familyName: null };
}
