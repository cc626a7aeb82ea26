// The register of people: adds, disables, enables and removes them. Disabling or removing a person ends all their logins, links and calls at once.
import type { UserRecord } from '../../domain/people/people.ts';
import type { Actor } from '../../domain/people/receipt.ts';
import { DEFAULT_WORKSPACE, inWorkspace } from '../../domain/workspace.ts';
import { GateError } from 'mcpgate-shared/error';
import type { Clock } from 'mcpgate-shared/clock';
import { NO_ROLE, ROLES } from 'mcpgate-shared/api/roles';
import { z } from 'zod';
import type { Audit } from '../../audit/audit.ts';
import type { Demand } from '../../store/repositories/people/users.ts';
import type { Store } from '../../store/store.ts';
import { toGrant } from './grants.ts';
import type { Changes } from './changes.ts';
import type { Users } from './registers.ts';
import type { ClientSessions } from '../client-sessions.ts';
import type { Logins } from '../browser/logins.ts';
import type { OneTimeLinks } from '../browser/one-time-links.ts';
import {
  EmailSchema,
  GroupNameSchema,
  parseOrUsage,
  requireUser,
  stateOf,
  toPerson,
  UserNameSchema,
} from './people.ts';
import type { EndedAtServer, Revocations } from '../revocations.ts';
import { changeNotes } from '../../domain/change-notes.ts';

const RoleSchema = z.enum(ROLES, NO_ROLE);
const NewUserSchema = z.object({
  name: UserNameSchema,
  email: EmailSchema.nullish(),
  role: RoleSchema.default('member'),
  groups: z.array(GroupNameSchema).default([]),
});

/** `there`: what became of them at their providers, seconds later at the most. */
export type EndAccounts = (
  workspaceId: string,
  userId: string,
) => Promise<{ there: Promise<readonly EndedAtServer[]> }>;

export function createUsers(parts: {
  store: Store;
  audit: Pick<Audit, 'event'>;
  clock: Clock;
  logins: Logins;
  clientSessions: Pick<ClientSessions, 'endOf'>;
  links: OneTimeLinks;
  revocations: Revocations;
  changes: Pick<Changes, 'tell'>;
  /** Makes this broker read the rules of the workspace again. */
  policyChanged: (workspaceId: string) => void;
  /** Forgets their accounts at servers, and ends them there. */
  endAccounts: EndAccounts;
  /** Ends the person's browser sessions; returns how many. */
  endBrowsers: (user: Pick<UserRecord, 'id' | 'workspaceId'>) => Promise<number>;
}): Users {
  const { store, audit, clock, logins, links, revocations, changes } = parts;

  const event = (
    workspaceId: string,
    type: string,
    actor: Actor,
    data: Record<string, string | number | boolean | null | readonly string[]> = {},
  ) => ({
    workspace_id: workspaceId,
    type,
    actor: actor.name,
    address: actor.address,
    data,
  });

  const reread = async (id: string) => {
    const user = await store.users.byId(id);
    if (user === undefined) throw new GateError('conflict', 'the user was removed meanwhile');
    return toPerson(user);
  };

  /** Ends a person's tokens and browser sessions; returns how many valid ones were ended. */
  const endLogins = async (user: UserRecord): Promise<number> => {
    let tokens = (await store.webSessions.removeByUser(user.id)).length;
    tokens += await parts.clientSessions.endOf(user.id);
    for (const device of await store.devices.listByUser(user.id)) tokens += await logins.end(device.id);
    await store.links.expire(user.workspaceId, 'password', user.id);
    return tokens;
  };

  /** Active tokens that this person has issued for others or for machines. They do not end with the person, so the receipt names them. */
  const issuedBy = async ({ id, name, workspaceId }: UserRecord): Promise<string[]> => {
    const all = workspaceId === DEFAULT_WORKSPACE ? (await store.workspaces.list()).map((each) => each.name) : [];
    const found: string[] = [];
    for (const workspace of new Set([workspaceId, ...all])) {
      const [issuer, at] = workspace === workspaceId ? [name, ''] : [`${name}@${workspaceId}`, `@${workspace}`];
      const isActive = (token: { revokedAt: number | null; expiresAt: number | null }): boolean =>
        stateOf(token, clock.now()) === 'active';
      const grants = (await store.grants.issuedBy(workspace, issuer)).filter(
        (grant) => grant.userId !== id && isActive(grant),
      );
      const tokens = (await store.adminTokens.list(workspace)).filter(
        (token) => token.createdBy === issuer && isActive(token),
      );
      found.push(...grants.map(({ label }) => `grant:${label}${at}`));
      found.push(...tokens.map(({ label }) => `admin-token:${label}${at}`));
    }
    return found;
  };

  /** Ends all that a person has, and what became of it for the receipt. Whoever is disabled gets no new account, so that none is missed. */
  const shutOut = async (workspaceId: string, name: string, demand?: Demand) => {
    const startedAt = clock.now();
    const user = await requireUser(store, workspaceId, name);
    if (user.disabledAt === null) await store.users.setDisabled(user.id, startedAt, demand);
    const tokensRevoked = await endLogins(user);
    const { there: accounts } = await parts.endAccounts(workspaceId, user.id);
    const stillActive = () => issuedBy(user);
    return {
      id: user.id,
      user,
      end: { subject: `user:${name}`, startedAt, tokensRevoked, caller: { name }, stillActive, accounts },
    };
  };

  return {
    async add(workspaceId, input, actor) {
      const user = parseOrUsage(NewUserSchema, input);
      if (await store.users.byName(workspaceId, user.name))
        throw new GateError('conflict', `there is a user "${user.name}" already`);
      const { name, email = null, role, groups } = user;
      const created = await store.users.create({ workspaceId, name, email, role, groups });
      await audit.event({
        ...event(workspaceId, 'user.added', actor, {
          role,
          groups,
          ...changeNotes(undefined, { role, groups, email }),
        }),
        subject: `user:${name}`,
      });
      return toPerson(created);
    },
    list: async (workspaceId, part) => (await store.users.list(workspaceId, part)).map(toPerson),
    async show(workspaceId, name) {
      const user = await requireUser(store, workspaceId, name);
      const devices = await store.devices.listByUser(user.id);
      const grants = (await store.grants.list(workspaceId)).filter((grant) => grant.userId === user.id);
      return { ...toPerson(user), devices, grants: grants.map((grant) => toGrant(grant, user, clock.now())) };
    },
    issuedBy: async (workspaceId, name) => await issuedBy(await requireUser(store, workspaceId, name)),
    async link(workspaceId, name, actor) {
      const user = await requireUser(store, workspaceId, name);
      if (user.disabledAt !== null)
        throw new GateError(
          'conflict',
          `${name} is disabled; run \`mcpgate-broker user enable ${name}${inWorkspace(workspaceId)}\` first`,
        );
      const link = await links.create(workspaceId, 'password', user.id);
      await audit.event({
        ...event(workspaceId, 'user.linked', actor, {
          ...changeNotes(undefined, { link: 'password', expires_at: new Date(link.expiresAt).toISOString() }),
        }),
        subject: `user:${name}`,
      });
      return link;
    },
    async passkeys(workspaceId, name) {
      return store.passkeys.listByUser((await requireUser(store, workspaceId, name)).id);
    },
    async reset(workspaceId, name, actor) {
      const user = await requireUser(store, workspaceId, name);
      const usesPassword =
        user.passwordHash !== null || (await store.externalIdentities.issuersOf(user.id)).length === 0;
      await store.users.setPassword(user.id, null);
      await store.links.expire(workspaceId, 'password', user.id);
      const passkeysRemoved = await store.passkeys.removeByUser(user.id);
      const sessionsEnded = await parts.endBrowsers(user);
      const data = {
        ...{ passkeys_removed: passkeysRemoved, sessions_ended: sessionsEnded },
        ...changeNotes(
          { password: user.passwordHash === null ? 'none' : 'set', passkeys: passkeysRemoved },
          { password: 'none', passkeys: 0 },
        ),
      };
      await audit.event({ ...event(workspaceId, 'user.reset', actor, data), subject: `user:${name}` });
      const isLinked = usesPassword && user.disabledAt === null;
      const link = isLinked ? await links.create(workspaceId, 'password', user.id) : undefined;
      return { link, passkeysRemoved, sessionsEnded };
    },
    async disable(workspaceId, name, actor, demand) {
      const { id, end, user } = await shutOut(workspaceId, name, demand);
      const wasDisabled = user.disabledAt !== null;
      return revocations.end({
        ...end,
        revocations: [{ workspaceId, kind: 'user', id, reason: `${name} was disabled` }],
        event: event(workspaceId, 'user.disabled', actor, {
          ...changeNotes({ disabled: wasDisabled }, { disabled: true }),
        }),
      });
    },
    async enable(workspaceId, name, actor) {
      const user = await requireUser(store, workspaceId, name);
      await store.users.setDisabled(user.id, null);
      await audit.event({
        ...event(workspaceId, 'user.enabled', actor, {
          ...changeNotes({ disabled: user.disabledAt !== null }, { disabled: false }),
        }),
        subject: `user:${name}`,
      });
      return reread(user.id);
    },
    async remove(workspaceId, name, actor, demand) {
      const { id, end, user } = await shutOut(workspaceId, name, demand);
      const rules = await store.users.remove(id);
      if (rules.removed.length + rules.narrowed.length > 0) parts.policyChanged(workspaceId);
      return revocations.end({
        ...end,
        revocations: [{ workspaceId, kind: 'user', id, reason: `${name} was removed` }],
        event: event(workspaceId, 'user.removed', actor, {
          ...changeNotes({ role: user.role, groups: user.groups, email: user.email }, undefined),
        }),
        rules,
      });
    },
    async setGroups(workspaceId, name, groups, actor) {
      const user = await requireUser(store, workspaceId, name);
      const wanted = parseOrUsage(z.array(GroupNameSchema), groups);
      await store.users.setGroups(user.id, wanted);
      await changes.tell([user.id]);
      await audit.event({
        ...event(workspaceId, 'user.groups_changed', actor, {
          ...{ groups: wanted, ...changeNotes({ groups: user.groups }, { groups: wanted }) },
        }),
        subject: `user:${name}`,
      });
      return reread(user.id);
    },
    async setRole(workspaceId, name, given, actor, demand) {
      const user = await requireUser(store, workspaceId, name);
      const role = parseOrUsage(RoleSchema, given);
      await store.users.setRole(user.id, role, demand);
      await changes.tell([user.id]);
      await audit.event({
        ...event(workspaceId, 'user.role_changed', actor, { role, ...changeNotes({ role: user.role }, { role }) }),
        subject: `user:${name}`,
      });
      return reread(user.id);
    },
  };
}
