// What the web pages may do with identity (`web-access.ts`), over the same registers, logins and links as the administration.
import { may } from 'mcpgate-shared/api/roles';
import type { Clock } from 'mcpgate-shared/clock';
import { addressKey } from '../../domain/bounds/address-key.ts';
import type { UserRecord } from '../../domain/people/people.ts';
import { GateError } from 'mcpgate-shared/error';
import type { Audit } from '../../audit/audit.ts';
import type { AuditEvent } from '../../domain/call-record.ts';
import { DEFAULT_WORKSPACE } from '../../domain/workspace.ts';
import type { Store } from '../../store/store.ts';
import type { ClientSessions } from '../client-sessions.ts';
import type { Identity } from '../identity.ts';
import { createKnownBrowsers } from './known-browsers.ts';
import type { DeviceLogins } from '../oauth/device-logins.ts';
import { readResource } from '../oauth/resources.ts';
import { formatUserCode } from '../oauth/user-code.ts';
import type { Logins } from './logins.ts';
import type { OneTimeLinks } from './one-time-links.ts';
import { createPasswordTurns } from './password-turns.ts';
import { hashPassword, passwordProblem, verifyPassword } from './password.ts';
import { toPerson, UserNameSchema } from '../registers/people.ts';
import { createSignInPace } from './sign-in-pace.ts';
import { createAddressThrottle, createThrottle } from '../throttle.ts';
import type { SetPasswordOutcome, WebAccess, WebLogin, WebVisitor } from './web-access.ts';
import type { WebSessions } from './web-sessions.ts';

/** How many wrong user codes of devices may be typed, by a person and from an address. */
const CODES = { tries: 20, windowS: 15 * 60 };
/** When to try again where too many passwords wait to be hashed. */
const BUSY_MS = 3_000;

/** The key by which sign-ins to an account are counted. All names of workspaces that do not exist share one. */
const accountKey = (workspace: string, account: string): string => `${workspace}/${account.slice(0, 64)}`;

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
  devices: Identity['devices'];
  logins: Pick<Logins, 'isGood'>;
  clientSessions: Pick<ClientSessions, 'list' | 'end'>;
  issuer: string;
}): WebAccess {
  const { formKey, store, audit, links, sessions, deviceLogins, localAccounts } = parts;
  const pace = createSignInPace({ clock: parts.clock });
  const passwords = createPasswordTurns();
  const knownBrowsers = createKnownBrowsers(formKey);
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

  const begin = async (user: UserRecord, visitor: WebVisitor): Promise<WebLogin> => ({
    kind: 'ok',
    ...(await sessions.start(user, visitor)),
    known: knownBrowsers.issue(user.id),
    user: toPerson(user),
  });

  const formProblem = (name: string, password: string, repeat: string): SetPasswordOutcome | undefined => {
    const message = passwordProblem(password, name);
    if (message !== undefined) return { kind: 'invalid', field: 'password', message };
    if (password !== repeat) return { kind: 'invalid', field: 'repeat', message: 'The two passwords differ.' };
    return undefined;
  };

  /** Throws `throttled` where too many passwords wait to be hashed. To be called before a link is used up. */
  const hashOf = async (password: string): Promise<string> => {
    const hashed = await passwords.run(() => hashPassword(password));
    if (hashed !== undefined) return hashed;
    throw new GateError('throttled', 'too many passwords are checked at the moment; try again', {
      retryAfterMs: BUSY_MS,
    });
  };

  const savePassword = async (user: UserRecord, hashed: string): Promise<UserRecord> => {
    await store.users.setPassword(user.id, hashed);
    const saved = await store.users.byId(user.id);
    if (saved === undefined) throw new GateError('conflict', 'the user was removed meanwhile');
    return saved;
  };

  /** Without local accounts, administrators who have no account at the IdP keep their passwords: the IdP must not be able to lock everybody out. */
  const mayUsePassword = async (user: UserRecord): Promise<boolean> =>
    localAccounts || (may(user.role, 'administer') && (await store.externalIdentities.issuersOf(user.id)).length === 0);

  /** Whether one of the person's devices has logged in from this address. */
  const knowsAddress = async (user: UserRecord, address: string): Promise<boolean> => {
    const devices = await store.devices.listByUser(user.id);
    const key = addressKey(address);
    return devices.some((device) => device.revokedAt === null && addressKey(device.address) === key);
  };

  const clientsOf: WebAccess['clientsOf'] = async (person) => {
    const sessions = await parts.clientSessions.list(new Map([[person.id, person.name]]), person.id);
    const clients = sessions.map(({ id, label, access, address, createdAt, lastSeenAt }) => {
      const { server } = readResource(access?.resource ?? '', parts.issuer) ?? {};
      return { id, name: label, scopes: access?.scopes ?? [], server, address, createdAt, lastSeenAt };
    });
    return clients.toSorted((a, b) => b.lastSeenAt - a.lastSeenAt);
  };

  const devicesOf: WebAccess['devicesOf'] = async (person) => {
    const devices = await parts.devices.list(person.workspaceId, { user: person.name });
    return devices.filter((device) => device.revokedAt === null).toSorted((a, b) => b.lastSeenAt - a.lastSeenAt);
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
      const turn = await pace.turn({
        account: key,
        address: visitor.address,
        browser: knownBrowsers.read(visitor.known, user?.id),
        knowsAddress: user !== undefined && (await knowsAddress(user, visitor.address)),
      });
      const fits =
        turn.kind === 'go'
          ? await passwords.run(() => verifyPassword(user?.passwordHash ?? null, password))
          : undefined;
      if (turn.kind === 'later' || fits === undefined) {
        await recordRefused(workspaceId, 'login.throttled', subject, visitor);
        return { kind: 'throttled', retryAfterMs: turn.kind === 'later' ? turn.retryAfterMs : BUSY_MS };
      }
      if (!fits || user === undefined || user.disabledAt !== null || !(await mayUsePassword(user))) {
        await recordRefused(workspaceId, 'login.failed', subject, visitor);
        return { kind: 'refused' };
      }
      turn.right();
      await record(workspaceId, 'login.succeeded', user.name, subject, visitor);
      return begin(user, visitor);
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
        if (user === undefined || user.disabledAt !== null || !(await mayUsePassword(user))) return undefined;
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
      const problem = formProblem(name, form.password, form.repeat);
      if (problem) return problem;
      const hashed = await hashOf(form.password);
      if ((await links.consume('setup', token)) === undefined) return { kind: 'gone' };
      const created = await store.users.create({ workspaceId, name, email: null, role: 'admin', groups: [] });
      const user = await savePassword(created, hashed);
      await record(workspaceId, 'setup.completed', name, `user:${name}`, visitor, { role: 'admin' });
      return begin(user, visitor);
    },
    async setPassword(token, form, visitor) {
      const link = await links.peek('password', token);
      const user = link?.userId ? await store.users.byId(link.userId) : undefined;
      if (user === undefined || user.disabledAt !== null || !(await mayUsePassword(user))) return { kind: 'gone' };
      const problem = formProblem(user.name, form.password, form.repeat);
      if (problem) return problem;
      const hashed = await hashOf(form.password);
      if ((await links.consume('password', token)) === undefined) return { kind: 'gone' };
      await sessions.endOf(user);
      const saved = await savePassword(user, hashed);
      await record(user.workspaceId, 'password.set', user.name, `user:${user.name}`, visitor);
      return begin(saved, visitor);
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
    clientsOf,
    async disconnectClient(id, person, visitor) {
      const client = (await clientsOf(person)).find((each) => each.id === id);
      if (client === undefined) return { kind: 'gone' };
      await parts.clientSessions.end(person.workspaceId, id, { name: person.name, address: visitor.address });
      return { kind: 'ok', client };
    },
    devicesOf,
    async disconnectDevice(id, person, visitor) {
      const device = (await devicesOf(person)).find((each) => each.id === id);
      if (device === undefined) return { kind: 'gone' };
      await parts.devices.revoke(person.workspaceId, id, { name: person.name, address: visitor.address });
      return { kind: 'ok', device };
    },
  };
}
