// What the web pages may do with identity (`web-access.ts`), over the same registers, logins and links as the administration.
import type { Clock } from 'mcpgate-shared/clock';
import type { UserRecord } from '../../domain/people/people.ts';
import { GateError } from 'mcpgate-shared/error';
import type { Audit } from '../../audit/audit.ts';
import type { AuditEvent } from '../../domain/call-record.ts';
import { DEFAULT_WORKSPACE } from '../../domain/workspace.ts';
import type { Store } from '../../store/store.ts';
import type { Identity } from '../identity.ts';
import type { KnownBrowsers } from './known-browsers.ts';
import type { DeviceLogins } from '../oauth/device-logins.ts';
import { formatUserCode } from '../oauth/user-code.ts';
import type { Logins } from './logins.ts';
import type { OneTimeLinks } from './one-time-links.ts';
import { accountKey, type Passwords } from '../sign-in/passwords.ts';
import type { PasswordOwner } from '../sign-in/new-password.ts';
import type { SignInFacts } from '../../store/repositories/people/web-sessions.ts';
import { toPerson, UserNameSchema } from '../registers/people.ts';
import { createAddressThrottle, createThrottle } from '../throttle.ts';
import type { SetPasswordOutcome, WebAccess, WebLogin, WebVisitor } from './web-access.ts';
import type { WebSessions } from './web-sessions.ts';

/** How many wrong user codes of devices may be typed, by a person and from an address. */
const CODES = { tries: 20, windowS: 15 * 60 };

export function createWebAccess(parts: {
  formKey: string;
  clock: Clock;
  store: Store;
  audit: Audit;
  links: OneTimeLinks;
  sessions: WebSessions;
  localAccounts: boolean;
  deviceLogins: DeviceLogins;
  approveDevice: Identity['approveDevice'];
  logins: Pick<Logins, 'isGood'>;
  knownBrowsers: KnownBrowsers;
  passwords: Passwords;
}): WebAccess {
  const { formKey, store, audit, links, sessions, deviceLogins, localAccounts, passwords, knownBrowsers } = parts;
  const codesByPerson = createThrottle(CODES);
  const codesByAddress = createAddressThrottle(CODES);

  const record = (
    workspaceId: string,
    type: string,
    actor: string,
    subject: string | null,
    visitor: WebVisitor,
    data: AuditEvent['data'] = {},
  ) => audit.event({ workspace_id: workspaceId, type, actor, subject, address: visitor.address, data });

  const recordRefused = (workspaceId: string, type: string, subject: string | null, { address, request }: WebVisitor) =>
    audit.refused({ workspace_id: workspaceId, type, actor: 'anonymous', subject, address, data: {} }, request);

  const begin = async (
    user: UserRecord,
    visitor: WebVisitor,
    how: Pick<SignInFacts, 'method' | 'isPasswordWeak'>,
  ): Promise<WebLogin> => {
    const started = await sessions.start(user, visitor, { ...how, secondFactor: null });
    return {
      kind: 'ok',
      ...started,
      // A browser in which only a password was typed is none that the account knows.
      known: started.isFinished ? knownBrowsers.issue(user.id) : undefined,
      user: toPerson(user),
    };
  };
  const byLink = { method: 'link', isPasswordWeak: false } as const;

  const formProblem = async (
    owner: PasswordOwner,
    { password, repeat }: { password: string; repeat: string },
  ): Promise<SetPasswordOutcome | undefined> => {
    const message = await passwords.problemOf(password, owner);
    if (message !== undefined) return { kind: 'invalid', field: 'password', message };
    if (password !== repeat) return { kind: 'invalid', field: 'repeat', message: 'The two passwords differ.' };
    return undefined;
  };

  const savePassword = async (user: UserRecord, hashed: string): Promise<UserRecord> => {
    await store.users.setPassword(user.id, hashed);
    const saved = await store.users.byId(user.id);
    if (saved === undefined) throw new GateError('conflict', 'the user was removed meanwhile');
    return saved;
  };

  return {
    formKey,
    localAccounts,
    async hasWorkspaces() {
      return (await store.workspaces.list()).length > 1;
    },
    async login(name, password, visitor, workspace = '') {
      const account = name.trim().toLowerCase();
      const asked = workspace.trim().toLowerCase() || DEFAULT_WORKSPACE;
      const exists = await store.workspaces.has(asked);
      const key = accountKey(exists ? asked : '', account);
      const known = exists && UserNameSchema.safeParse(account).success;
      const subject = known ? `user:${account}` : null;
      const workspaceId = exists ? asked : DEFAULT_WORKSPACE;
      const user = known ? await store.users.byName(workspaceId, account) : undefined;
      const verdict = await passwords.judge(key, user, password, visitor);
      if (verdict.kind === 'throttled') {
        await recordRefused(workspaceId, 'login.throttled', subject, visitor);
        return verdict;
      }
      if (verdict.kind === 'wrong' || user === undefined) {
        await recordRefused(workspaceId, 'login.failed', subject, visitor);
        return { kind: 'refused' };
      }
      const isPasswordWeak = (await passwords.problemOf(password, user)) !== undefined;
      const login = await begin(user, visitor, { method: 'password', isPasswordWeak });
      await record(
        workspaceId,
        login.isFinished ? 'login.succeeded' : 'login.second_step',
        user.name,
        subject,
        visitor,
      );
      return login;
    },
    async session(token) {
      const user = await sessions.userOf(token);
      return user && toPerson(user);
    },
    async logout(token, visitor) {
      const user = await sessions.end(token);
      if (user) await record(user.workspaceId, 'logout', user.name, `user:${user.name}`, visitor);
    },
    async peekLink(kind, token) {
      const link = await links.peek(kind, token);
      if (link === undefined) return undefined;
      const user = link.userId === null ? undefined : await store.users.byId(link.userId);
      if (kind === 'password') {
        if (user === undefined || user.disabledAt !== null || !(await passwords.areFor(user))) return undefined;
      }
      return { user: user && toPerson(user) };
    },
    async setup(token, form, visitor) {
      const link = await links.peek('setup', token);
      if (link === undefined) return { kind: 'gone' };
      const { workspaceId } = link;
      const name = form.name.trim().toLowerCase();
      if (!UserNameSchema.safeParse(name).success) {
        const message = 'Use letters, digits, ".", "_" and "-", at most 64; begin with a letter or a digit.';
        return { kind: 'invalid', field: 'name', message };
      }
      if (await store.users.byName(workspaceId, name))
        return { kind: 'invalid', field: 'name', message: 'This name is taken.' };
      const problem = await formProblem({ name, email: null, workspaceId }, form);
      if (problem) return problem;
      const hashed = await passwords.hash(form.password);
      if ((await links.consume('setup', token)) === undefined) return { kind: 'gone' };
      const created = await store.users.create({ workspaceId, name, email: null, role: 'admin', groups: [] });
      const user = await savePassword(created, hashed);
      await record(workspaceId, 'setup.completed', name, `user:${name}`, visitor, { role: 'admin' });
      return begin(user, visitor, byLink);
    },
    async setPassword(token, form, visitor) {
      const link = await links.peek('password', token);
      const user = link?.userId ? await store.users.byId(link.userId) : undefined;
      if (user === undefined || user.disabledAt !== null || !(await passwords.areFor(user))) return { kind: 'gone' };
      const problem = await formProblem(user, form);
      if (problem) return problem;
      const hashed = await passwords.hash(form.password);
      if ((await links.consume('password', token)) === undefined) return { kind: 'gone' };
      await sessions.endOf(user);
      const saved = await savePassword(user, hashed);
      await record(user.workspaceId, 'password.set', user.name, `user:${user.name}`, visitor);
      return begin(saved, visitor, byLink);
    },
    async findDevice(userCode, person, visitor) {
      const retryAfterMs = Math.max(codesByPerson.hit(person.id), codesByAddress.hit(visitor.address));
      if (retryAfterMs > 0) return { kind: 'throttled', retryAfterMs };
      const found = await deviceLogins.find(userCode, person);
      if (found.kind === 'unknown') return { kind: 'unknown' };
      // Only codes that nobody was ever given count as guesses.
      codesByPerson.forgive(person.id);
      codesByAddress.forgive(visitor.address);
      if (found.kind === 'elsewhere') return found;
      if (found.kind !== 'pending') return { kind: found.kind };
      const { name: deviceName, platform, address, requestedAt } = found.info;
      const { expiresAt, known } = found;
      return {
        kind: 'pending',
        request: {
          userCode: formatUserCode(found.userCode),
          deviceName,
          platform,
          address,
          requestedAt,
          expiresAt,
          known:
            known === undefined
              ? null
              : {
                  name: known.name,
                  connectedAt: known.createdAt,
                  isLoggedIn: await parts.logins.isGood(known.id),
                },
        },
      };
    },
    async confirmDevice(userCode, person, visitor) {
      try {
        const actor = { name: person.name, address: visitor.address };
        return { kind: 'ok', device: await parts.approveDevice(person.workspaceId, userCode, person.name, actor) };
      } catch (error) {
        if (error instanceof GateError && (error.code === 'gone' || error.code === 'not_found'))
          return { kind: 'gone' };
        throw error;
      }
    },
    async denyDevice(userCode, person, visitor) {
      const denied = await deviceLogins.deny(userCode, person.workspaceId);
      if (denied === undefined) return;
      const { name, platform, address } = denied;
      await record(person.workspaceId, 'login.denied', person.name, `user:${person.name}`, visitor, {
        device: name,
        platform,
        device_address: address,
      });
    },
  };
}
