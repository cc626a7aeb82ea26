// Three workspaces hold things of the same names. Every function of the store is asked in one of them, and must neither see nor touch
// what the others have. The table below is complete by its type: a function that is added to the store has to say here what it is.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { targetOf } from '../domain/transports/transports.ts';
import { onBothEngines } from './fixtures/both-engines.ts';
import { SCOPE_OF_APPROVALS } from './fixtures/scope-of-approvals.ts';
import { SCOPE_OF_DELIVERIES } from './fixtures/scope-of-deliveries.ts';
import { SCOPE_OF_IDEMPOTENT_REQUESTS } from './fixtures/scope-of-idempotent-requests.ts';
import { SCOPE_OF_LOGINS } from './fixtures/scope-of-logins.ts';
import { SCOPE_OF_LOG_FEEDS } from './fixtures/scope-of-log-feeds.ts';
import { SCOPE_OF_HOOKS } from './fixtures/scope-of-hooks.ts';
import { SCOPE_OF_ARCHIVES, SCOPE_OF_AUDIT, SCOPE_OF_CALL_SPANS } from './fixtures/scope-of-audit.ts';
import { SCOPE_OF_DEFINITIONS, type Scope } from './fixtures/scope-of-definitions.ts';
import { SCOPE_OF_MANAGED } from './fixtures/scope-of-managed.ts';
import { SCOPE_OF_PASSKEYS } from './fixtures/scope-of-passkeys.ts';
import { plantTwins, type Twin } from './fixtures/workspace-twins.ts';
import { LEASE, promote, stage } from './fixtures/staged-secret.ts';
import type { Store } from './store.ts';

type Repositories = Omit<Store, 'bus' | 'probe' | 'close' | 'atomically'>;
type Table = { [R in keyof Repositories]: { [M in keyof Repositories[R]]: Scope } };

const legible = <T extends { sealed: Uint8Array }>(found: T | undefined) =>
  found && { ...found, sealed: Buffer.from(found.sealed).toString() };
const NOW = 1_790_000_000_000;
const COUNTS: Readonly<Record<string, string>> = { 'users.count': '3', 'provisioning.countOfUsers': '1' };
const sharedAccount = ({ workspaceId, serverId }: Twin) => ({ workspaceId, serverId, owner: 'shared' }) as const;

const BUNDLE = { name: 'tools', description: 'changed', tools: [], createdBy: 'host:root' };
const RULE = { effect: 'deny', who: ['*'], what: ['*'], createdBy: 'host:root' } as const;
const ORDER = { reference: 'env:X', keepForMs: 0, refreshMs: null };
const READING = { fingerprint: 'one', keptUntil: null, seal: () => Buffer.from('x') };
const FACT = { everywhere: 'they are facts about the database' };

/** In the order in which the writes are done: what removes comes after what needs it. */
const TABLE: Table = {
  workspaces: {
    list: { everywhere: 'it is the list of them' },
    has: { everywhere: 'it asks for one by its name' },
    add: { everywhere: 'it makes one' },
    remove: { everywhere: 'its own tests say what goes along' },
  },
  users: {
    create: {
      writes: (store, { workspaceId }) =>
        store.users.create({ workspaceId, name: 'new', email: null, role: 'member', groups: ['eng'] }),
    },
    byId: { reads: (store, { userId }) => store.users.byId(userId) },
    byIds: { reads: (store, { userId }) => store.users.byIds([userId]) },
    byName: { reads: (store, { workspaceId }) => store.users.byName(workspaceId, 'ada') },
    byEmail: { reads: (store, { workspaceId }) => store.users.byEmail(workspaceId, 'ADA@example.com') },
    workspacesOf: { everywhere: 'it says in which workspaces an address is known, for the choice at sign-in' },
    list: { reads: (store, { workspaceId }) => store.users.list(workspaceId) },
    count: { reads: (store, { workspaceId }) => store.users.count(workspaceId) },
    setPassword: { writes: (store, { userId }) => store.users.setPassword(userId, 'another') },
    setDisabled: { writes: (store, { userId }) => store.users.setDisabled(userId, NOW) },
    setGroups: { writes: (store, { userId }) => store.users.setGroups(userId, ['eng', 'ops', 'second']) },
    setRole: { writes: (store, { userId }) => store.users.setRole(userId, 'auditor') },
    setEmail: { writes: (store, { userId }) => store.users.setEmail(userId, 'Ada@example.com') },
    remove: { writes: (store, { goneId }) => store.users.remove(goneId) },
  },
  idempotentRequests: SCOPE_OF_IDEMPOTENT_REQUESTS,
  departures: {
    put: { everywhere: 'it is by the run of a broker' },
    find: { everywhere: 'it is by the run of a broker' },
  },
  leftChannels: {
    put: { everywhere: 'it is by the run of a broker' },
    find: { everywhere: 'it is by the run of a broker' },
    amongst: { everywhere: 'it is by the run of a broker' },
    delivered: { everywhere: 'it is by the run of a broker' },
    removeExpired: { everywhere: 'time passes in all of them' },
    owners: { everywhere: 'owners have ids that are unique' },
    removeOf: { everywhere: 'owners have ids that are unique' },
  },
  externalIdentities: {
    holders: { everywhere: 'it says in which workspaces an identity is known' },
    issuersOf: { reads: (store, { userId }) => store.externalIdentities.issuersOf(userId) },
    link: {
      writes: (store, { workspaceId, userId }) =>
        store.externalIdentities.link({ workspaceId, userId, issuer: 'https://second.example', subject: 'ada' }),
    },
  },
  groups: {
    list: { reads: (store, { workspaceId }) => store.groups.list(workspaceId) },
    byName: { reads: (store, { workspaceId }) => store.groups.byName(workspaceId, 'ops') },
    setOnCall: { writes: (store, { workspaceId, userId }) => store.groups.setOnCall(workspaceId, 'eng', [userId], 9) },
    add: { writes: (store, { workspaceId, userId }) => store.groups.add(workspaceId, 'third', [userId]) },
    take: { writes: (store, { workspaceId, userId }) => store.groups.take(workspaceId, 'ops', [userId]) },
    remove: { writes: (store, { workspaceId }) => store.groups.remove(workspaceId, 'eng') },
    onCall: { reads: async (store, { workspaceId }) => [...(await store.groups.onCall(workspaceId))] },
  },
  provisioning: {
    ofUser: { reads: (store, { userId }) => store.provisioning.ofUser(userId) },
    userIdsOf: {
      reads: async (store, { workspaceId }) => [
        await store.provisioning.userIdsOf(workspaceId, { userName: 'ada@corp.example' }),
        await store.provisioning.userIdsOf(workspaceId, { externalId: 'external-ada' }),
        await store.provisioning.userIdsOf(workspaceId, {}),
      ],
    },
    countOfUsers: { reads: (store, { workspaceId }) => store.provisioning.countOfUsers(workspaceId) },
    pageOfUserIds: {
      reads: (store, { workspaceId }) => store.provisioning.pageOfUserIds(workspaceId, { offset: 0, limit: 50 }),
    },
    putUser: {
      writes: (store, { workspaceId, userId }) =>
        store.provisioning.putUser({
          workspaceId,
          userId,
          userName: 'ada@corp.example',
          externalId: 'external-ada',
          displayName: 'changed',
          givenName: null,
          familyName: null,
        }),
    },
    groups: { reads: (store, { workspaceId }) => store.provisioning.groups(workspaceId) },
    membersOf: { reads: (store, { workspaceId }) => store.provisioning.membersOf(workspaceId, 'told') },
    putGroup: {
      writes: (store, { workspaceId }) =>
        store.provisioning.putGroup({ workspaceId, name: 'told', displayName: 'changed', externalId: null }),
    },
  },
  laptopFindings: {
    put: {
      writes: (store, { workspaceId, deviceId }) =>
        store.laptopFindings.put({ workspaceId, deviceId, tokens: 5, live: 1, reportedAt: NOW }),
    },
    list: { reads: (store, { workspaceId }) => store.laptopFindings.list(workspaceId) },
  },
  approvals: SCOPE_OF_APPROVALS,
  proposals: {
    add: {
      writes: (store, { workspaceId, userId }) =>
        store.proposals.add({
          workspaceId,
          userId,
          name: 'second',
          transport: { kind: 'http', url: 'https://second.example/', headers: {} },
          digest: 'second',
        }),
    },
    openOf: { reads: (store, { workspaceId, userId }) => store.proposals.openOf(workspaceId, userId) },
    list: { reads: (store, { workspaceId }) => store.proposals.list(workspaceId, { all: true }) },
    findOpen: { reads: (store, { workspaceId, proposalId }) => store.proposals.findOpen(workspaceId, proposalId) },
    decide: {
      writes: (store, { workspaceId, proposalId }) =>
        store.proposals.decide(workspaceId, proposalId, 'declined', 'host:root'),
    },
  },
  ...SCOPE_OF_LOGINS,
  grants: {
    create: {
      writes: (store, { workspaceId, userId, mark }) =>
        store.grants.create({
          workspaceId,
          userId,
          label: 'second',
          tokenHash: `second ${mark}`,
          servers: [],
          allowFrom: [],
          expiresAt: null,
          createdBy: 'host:root',
        }),
    },
    byIds: { reads: (store, { grantId }) => store.grants.byIds([grantId]) },
    byTokenHash: { reads: (store, { mark }) => store.grants.byTokenHash(`hash ${mark}`) },
    issuedBy: { reads: (store, { workspaceId }) => store.grants.issuedBy(workspaceId, 'api:ci') },
    list: { reads: (store, { workspaceId }) => store.grants.list(workspaceId) },
    touch: { writes: (store, { grantId }) => store.grants.touch(grantId, NOW + 1) },
    revoke: { writes: (store, { grantId }) => store.grants.revoke(grantId, NOW) },
  },
  adminTokens: {
    create: {
      writes: (store, { workspaceId, mark }) =>
        store.adminTokens.create({
          workspaceId,
          label: 'second',
          role: 'admin',
          tokenHash: `second ${mark}`,
          expiresAt: null,
          createdBy: 'host:root',
        }),
    },
    byTokenHash: { reads: (store, { mark }) => store.adminTokens.byTokenHash(`hash ${mark}`) },
    list: { reads: (store, { workspaceId }) => store.adminTokens.list(workspaceId) },
    touch: { writes: (store, { adminTokenId }) => store.adminTokens.touch(adminTokenId, NOW + 1) },
    revoke: { writes: (store, { adminTokenId }) => store.adminTokens.revoke(adminTokenId, NOW) },
  },
  links: {
    create: {
      writes: (store, { workspaceId, mark, userId }) =>
        store.links.create({ workspaceId, tokenHash: `second ${mark}`, kind: 'password', userId, expiresAt: NOW * 2 }),
    },
    peek: {
      reads: (store, { mark }) =>
        Promise.all(['nobody', 'ada', 'second', 'used'].map((whose) => store.links.peek(`${whose} ${mark}`, NOW))),
    },
    consume: { writes: (store, { mark }) => store.links.consume(`used ${mark}`, NOW) },
    expire: {
      writes: async (store, { workspaceId, userId }) => {
        await store.links.expire(workspaceId, 'setup', null);
        await store.links.expire(workspaceId, 'password', userId);
      },
    },
  },
  passkeys: SCOPE_OF_PASSKEYS,
  keys: {
    list: { everywhere: 'the keys that sign are the broker’s' },
    add: { everywhere: 'the keys that sign are the broker’s' },
  },
  keyring: {
    read: { everywhere: 'one master key seals all of them' },
    begin: { everywhere: 'one master key seals all of them' },
    stage: { everywhere: 'one master key seals all of them' },
    abandon: { everywhere: 'one master key seals all of them' },
    wrap: { everywhere: 'one master key seals all of them' },
    finish: { everywhere: 'one master key seals all of them' },
    told: { everywhere: 'one master key seals all of them' },
  },
  sealedBefore: {
    list: { everywhere: 'one master key seals all of them' },
    replace: { everywhere: 'one master key seals all of them' },
  },
  servers: {
    create: {
      writes: (store, { workspaceId }) =>
        store.servers.create({
          workspaceId,
          name: 'second',
          enabled: true,
          isolation: 'shared',
          trustAnnotations: false,
          transport: { kind: 'http', url: 'https://second.example/', headers: {} },
        }),
    },
    byName: { reads: (store, { workspaceId }) => store.servers.byName(workspaceId, 'wiki') },
    list: { reads: (store, { workspaceId }) => store.servers.list(workspaceId) },
    update: { writes: (store, { serverId }) => store.servers.update(serverId, { enabled: false }) },
    rename: {
      writes: (store, { serverId }) =>
        store.servers.rename(serverId, 'renamed', { from: 'wiki', rewrite: (what) => `x${what}` }),
    },
    remove: { writes: (store, { goneServerId }) => store.servers.remove(goneServerId) },
  },
  accounts: {
    find: { reads: (store, { serverId, userId }) => store.accounts.find(serverId, `user:${userId}`) },
    ofOwner: { reads: (store, { workspaceId, userId }) => store.accounts.ofOwner(workspaceId, `user:${userId}`) },
    ofServer: { reads: (store, { serverId }) => store.accounts.ofServer(serverId) },
    put: {
      // Accounts are kept for who and what is enabled.
      async writes(store, { workspaceId, serverId, mateId }) {
        await store.users.setDisabled(mateId, null);
        const { transport } = await store.servers.update(serverId, { enabled: true });
        return store.accounts.put({
          ...{ workspaceId, serverId, owner: `user:${mateId}`, target: targetOf(transport) },
          ...{ kind: 'keys', sealed: Uint8Array.of(1), scopes: [], expiresAt: null },
        });
      },
    },
    lease: {
      writes: (store, at) =>
        store.accounts.lease({ ...sharedAccount(at), version: 1 }, { holder: 'x', until: NOW, evenIfInUse: false }),
    },
    leaseOf: {
      reads: async (store, { serverId }) => [serverId, await store.accounts.leaseOf(serverId, 'shared')],
    },
    release: { writes: (store, at) => store.accounts.release(sharedAccount(at), 'x', { wasUsed: false }) },
    want: { writes: (store, at) => store.accounts.want(sharedAccount(at), ['more']) },
    refreshed: {
      writes: (store, at) =>
        store.accounts.refreshed(
          { ...sharedAccount(at), version: 1 },
          { sealed: Uint8Array.of(2), scopes: [], expiresAt: NOW },
        ),
    },
    expire: { writes: (store, at) => store.accounts.expire({ ...sharedAccount(at), version: 2 }) },
    remove: { writes: (store, at) => store.accounts.remove(sharedAccount(at)) },
  },
  oauthRegistrations: {
    find: {
      reads: async (store, { workspaceId, mark }) => {
        const sealed = await store.oauthRegistrations.find(workspaceId, 'https://as.example', 'https://here.example/');
        return [Buffer.from(sealed ?? []).toString(), mark];
      },
    },
    put: {
      writes: (store, { workspaceId }) =>
        store.oauthRegistrations.put({
          ...{ workspaceId, issuer: 'https://as.example', redirectUri: 'https://here.example/' },
          sealed: Uint8Array.of(3),
        }),
    },
    remove: {
      writes: (store, { workspaceId }) =>
        store.oauthRegistrations.remove(workspaceId, 'https://as.example', 'https://here.example/'),
    },
  },
  secrets: {
    append: {
      writes: (store, { workspaceId }) => store.secrets.append(workspaceId, 'token', 'changed', () => Buffer.from('x')),
    },
    add: {
      writes: (store, { workspaceId }) => store.secrets.add(workspaceId, 'added', 'changed', () => Buffer.from('x')),
    },
    current: {
      reads: async (store, { workspaceId }) => {
        const found = await store.secrets.current(workspaceId, 'kept');
        return found && { ...found, sealed: Buffer.from(found.sealed).toString() };
      },
    },
    versions: { reads: (store, { workspaceId }) => store.secrets.versions(workspaceId) },
    list: { reads: (store, { workspaceId }) => store.secrets.list(workspaceId) },
    touch: {
      writes: (store, { workspaceId }) =>
        store.secrets.touch([{ workspaceId, name: 'token', version: 1, at: NOW + 1 }]),
    },
    remove: { writes: (store, { workspaceId }) => store.secrets.remove(workspaceId, 'token') },
  },
  secretVersions: {
    history: { reads: (store, { workspaceId }) => store.secretVersions.history(workspaceId, 'kept') },
    oldest: {
      reads: async (store, at) => [at.mark, await store.secretVersions.oldest(at.workspaceId, 'kept')],
    },
    lastRetired: {
      reads: async (store, at) => [at.mark, await store.secretVersions.lastRetired(at.workspaceId, 'kept')],
    },
    setBy: { reads: (store, { workspaceId }) => store.secretVersions.setBy(workspaceId, 'ada') },
    find: { reads: async (store, at) => legible(await store.secretVersions.find(at.workspaceId, 'kept', 1)) },
    stage: { writes: stage },
    discard: { writes: (store, at) => store.secretVersions.discard(at.workspaceId, 'kept', 2, { holder: 'me' }) },
    promote: { writes: promote },
    restore: { writes: (store, { workspaceId }) => store.secretVersions.restore(workspaceId, 'kept', 1) },
    noteVerified: { writes: (store, { workspaceId }) => store.secretVersions.noteVerified(workspaceId, 'kept', true) },
    extend: {
      writes: async (store, at) => {
        const version = await stage(store, at);
        await store.secretVersions.extend(at.workspaceId, 'kept', version, { holder: 'me', until: NOW + 9 });
        const [own] = (await store.secretVersions.staged()).filter((each) => each.workspaceId === at.workspaceId);
        if (own?.until === NOW + 9)
          await store.secretVersions.promote(at.workspaceId, 'kept', { version, from: 1 }, LEASE);
      },
    },
    recorded: {
      writes: async (store, at) => (await promote(store, at), store.secretVersions.recorded(at.workspaceId, 'kept', 2)),
    },
    unrecorded: { everywhere: 'a broker has the log say what others have switched to in any workspace' },
    staged: { everywhere: 'a broker clears up what others have left in any workspace' },
  },
  secretSources: {
    find: { reads: (store, { workspaceId }) => store.secretSources.find(workspaceId, 'read') },
    all: { everywhere: 'a broker follows them in every workspace' },
    set: {
      writes: (store, { workspaceId }) => store.secretSources.set({ workspaceId, name: 'read' }, ORDER, READING, {}),
    },
    note: {
      writes: async (store, { workspaceId }) => {
        const source = await store.secretSources.find(workspaceId, 'read');
        if (source !== undefined) await store.secretSources.note(source, { ...READING, fingerprint: 'another' }, 1);
      },
    },
    forget: { everywhere: 'time passes in all of them' },
  },
  hooks: SCOPE_OF_HOOKS,
  logFeeds: SCOPE_OF_LOG_FEEDS,
  untoldEvents: {
    put: { everywhere: 'events say their workspace themselves' },
    lease: { everywhere: 'whichever broker has time writes it into the log' },
    done: { everywhere: 'batches have random names' },
  },
  ...{ deliveries: SCOPE_OF_DELIVERIES, callSpans: SCOPE_OF_CALL_SPANS },
  bundles: {
    list: { reads: (store, { workspaceId }) => store.bundles.list(workspaceId) },
    create: { writes: (store, { workspaceId }) => store.bundles.create(workspaceId, BUNDLE) },
    update: { writes: (store, { workspaceId }) => store.bundles.update(workspaceId, 'kit', () => BUNDLE) },
    setDefault: { writes: (store, { workspaceId }) => store.bundles.setDefault(workspaceId, 'ops', 'kit') },
    remove: { writes: (store, { workspaceId }) => store.bundles.remove(workspaceId, 'kit') },
  },
  definitions: SCOPE_OF_DEFINITIONS,
  limits: {
    change: { everywhere: 'limits.test.ts says whose allowance it changes' },
    changeKnown: { everywhere: 'limits.test.ts says whose allowance it changes' },
    sweep: { everywhere: 'time passes in all of them' },
  },
  policy: {
    enforcements: { everywhere: 'it says for each workspace how its rules are enforced' },
    snapshot: { reads: (store, { workspaceId }) => store.policy.snapshot(workspaceId) },
    addRule: { writes: (store, { workspaceId }) => store.policy.addRule(workspaceId, RULE) },
    changeRule: { writes: (store, { workspaceId }) => store.policy.changeRule(workspaceId, 'r_same00', RULE) },
    removeRule: { writes: (store, { workspaceId }) => store.policy.removeRule(workspaceId, 'r_same00') },
    removedRules: { reads: (store, { workspaceId }) => store.policy.removedRules(workspaceId) },
    forgetRemoved: {
      writes: (store, { workspaceId }) => store.policy.forgetRemoved(workspaceId, 'r_gone00'),
    },
    setEnforcement: { writes: (store, { workspaceId }) => store.policy.setEnforcement(workspaceId, 'off') },
  },
  managed: SCOPE_OF_MANAGED,
  settings: { putIfAbsent: FACT, find: FACT, put: FACT, remove: FACT },
  audit: SCOPE_OF_AUDIT,
  auditArchives: SCOPE_OF_ARCHIVES,
};

const FUNCTIONS = Object.entries(TABLE).flatMap(([repository, functions]) =>
  Object.entries(functions as Record<string, Scope>).map(([name, scope]) => ({ name: `${repository}.${name}`, scope })),
);
const READS = FUNCTIONS.flatMap(({ name, scope }) => ('reads' in scope ? [{ name, read: scope.reads }] : []));
const WRITES = FUNCTIONS.flatMap(({ name, scope }) => ('writes' in scope ? [{ name, write: scope.writes }] : []));

/** All that can be seen of a workspace. */
async function imageOf(store: Store, at: Twin): Promise<Record<string, unknown>> {
  const seen = await Promise.all(READS.map(async ({ name, read }) => [name, await read(store, at)] as const));
  return Object.fromEntries(seen);
}

onBothEngines((open) => {
  it('a read sees what its workspace has, and nothing of the same name in another one', async (t) => {
    const { store, tamper } = await open(t);
    const twins = await plantTwins(store, tamper);
    for (const at of twins) {
      for (const { name, read } of READS) {
        const text = JSON.stringify((await read(store, at)) ?? null);
        const what = `${name} in ${at.workspaceId}: ${text}`;
        if (name in COUNTS) assert.equal(text, COUNTS[name], what);
        else assert.ok(text.includes(at.mark) || at.ids.some((id) => text.includes(id)), what);
        for (const other of twins.filter((each) => each !== at)) {
          assert.ok(!text.includes(other.mark) && !other.ids.some((id) => text.includes(id)), what);
        }
      }
    }
  });

  it('a write changes its workspace, and nothing of the same name in another one', async (t) => {
    const { store, tamper, clock } = await open(t);
    const [before, at, after] = await plantTwins(store, tamper);
    const others = [await imageOf(store, before), await imageOf(store, after)];
    let own = await imageOf(store, at);
    for (const { name, write } of WRITES) {
      clock.at += 1;
      await write(store, at);
      const changed = await imageOf(store, at);
      assert.ok(!isDeepStrictEqual(changed, own), `${name} is not seen where it was done`);
      own = changed;
      assert.deepEqual([await imageOf(store, before), await imageOf(store, after)], others, `${name} stays there`);
    }
  });
});
