// A real server is asked, over the guarded fetch that the broker uses, with secrets of a real vault.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { systemClock } from 'mcpgate-shared/clock';
import { pino } from 'pino';
import { Webhook } from 'standardwebhooks';
import { createAudit } from '../../audit/create-audit.ts';
import { TEST_KEYS } from '../../audit/fixtures/test-keys.ts';
import type { AuthorizeHook } from '../../domain/hook.ts';
import { createGuardedFetch } from '../../net/guarded-fetch.ts';
import { openStore } from '../../store/open-store.ts';
import { createVault } from '../../vault/create-vault.ts';
import { loadMasterKey } from '../../vault/master-key.ts';
import type { Asked } from '../authorizer.ts';
import { type AuthzServer, says, silence, startAuthzServer } from '../fixtures/authz-server.ts';
import { createHookSender } from '../hook-request.ts';
import { createAuthorizer } from './create-authorizer.ts';
import type { HookQuestion } from './question.ts';

const SIGNING = `whsec_${Buffer.from('a key of twenty-four bytes').toString('base64')}`;

async function worldOf(t: TestContext, server?: AuthzServer) {
  const log = pino({ level: 'silent' });
  const dataDir = await mkdtemp(path.join(tmpdir(), 'mcpgate-hooks-'));
  const at = { ms: 0 };
  const clock = { ...systemClock, now: () => systemClock.now() + at.ms };
  const store = await openStore({ dataDir, log, clock });
  t.after(async () => {
    await store.close();
    await rm(dataDir, { recursive: true });
  });
  const vault = await createVault({ store, masterKey: loadMasterKey({ dataDir }), clock });
  const audit = createAudit({ store, clock, writerId: 'test', log, keys: TEST_KEYS });
  const sender = createHookSender({
    ...{ vault, clock, log, version: '9.9.9' },
    fetch: createGuardedFetch({ allowHosts: [], timeoutMs: 30_000, maxBytes: 64 * 1024 }),
  });
  const authorizer = createAuthorizer({ sender, audit, clock, elapsedMs: () => performance.now(), log });
  const told: Asked[] = [];
  authorizer.onAsked((asked) => told.push(asked));
  const hook = (more: Partial<AuthorizeHook> = {}): AuthorizeHook => ({
    ...{ name: 'authorize', kind: 'authorize', url: server?.url ?? '', enabled: true, timeoutMs: 10_000, secret: null },
    ...{ bearer: null, managedBy: null, createdAt: 1, updatedAt: 1, createdBy: 'test', what: [], approvers: [] },
    ...{ sendsArguments: true, ...more },
  });
  const events = async () =>
    (await audit.searchEvents({ workspaceId: 'default', limit: 50 })).map(({ type }) => type).toReversed();
  return { authorizer, vault, hook, told, at, events };
}

function question(text = '{"n":9007199254740993}', more: Partial<HookQuestion> = {}): HookQuestion {
  return {
    principal: {
      workspaceId: 'default',
      user: { id: 'u-ada', name: 'ada', role: 'member', groups: ['ops', 'eng'] },
      credential: { kind: 'device', id: 'd1', label: 'laptop' },
      device: { id: 'd1', name: 'laptop' },
    },
    facts: { client: { name: 'claude-code', version: '2.1' }, address: '192.0.2.7' },
    ...{ method: 'tools/call', server: 'git', names: ['git__push', 'write:git'], policyVersion: 7 },
    verdict: { decision: 'allow', rule: 'r_abc123' },
    arguments: { digest: `digest of ${text}`, bytes: Buffer.byteLength(text), text: () => text },
    ...more,
  };
}
const reasonOf = (answer: { reason: string | null }) => answer.reason ?? '';

test('the question says who, what, from where, by which rule and with which arguments, to the digit', async (t) => {
  const server = await startAuthzServer(t);
  const { authorizer, hook } = await worldOf(t, server);
  assert.deepEqual(await authorizer.ask(hook(), question()), { decision: 'allow', reason: null });
  const [asked] = server.asked;
  const { request_id: id, time, ...input } = asked?.input ?? {};
  assert.match(String(id), /^[\da-f-]{36}$/);
  assert.ok(Math.abs(Date.parse(String(time)) - Date.now()) < 600_000);
  assert.match(asked?.body ?? '', /"arguments":\{"n":9007199254740993\}/);
  assert.deepEqual(input, {
    workspace: 'default',
    who: {
      ...{ name: 'user:ada', user: 'ada', groups: ['eng', 'ops'], role: 'member', device: 'laptop' },
      ...{ credential: { kind: 'device', label: 'laptop' }, address: '192.0.2.7' },
      client: { name: 'claude-code', version: '2.1' },
    },
    what: { name: 'git__push', names: ['git__push', 'write:git'], server: 'git', method: 'tools/call' },
    rules: { decision: 'allow', rule: 'r_abc123', policy_version: 7 },
    arguments_digest: 'digest of {"n":9007199254740993}',
    arguments: { n: 9007199254740992 },
  });
  assert.equal(asked?.headers['content-type'], 'application/json');
  assert.equal(asked?.headers.authorization, undefined);
  assert.equal(asked?.headers['webhook-signature'], undefined);
});

test('it is signed with one secret of the vault and carries another, as their present values are', async (t) => {
  const server = await startAuthzServer(t);
  const { authorizer, vault, hook } = await worldOf(t, server);
  const signed = hook({ secret: 'sign', bearer: 'token', url: `${server.url}?key=\${secret:part}` });
  const missing = await authorizer.ask(signed, question());
  assert.equal(missing.decision, 'away');
  assert.match(reasonOf(missing), /no secret named part/);
  assert.equal(server.asked.length, 0);
  for (const [name, value] of [
    ['sign', SIGNING],
    ['token', 't0k'],
    ['part', 'p&q'],
  ] as const)
    await vault.set('default', name, value, 'test');
  const unused = async () => (await vault.list('default')).flatMap(({ name, isUsed }) => (isUsed ? [] : [name]));
  const takes = server.answer;
  server.answer = says({}, {}, 503);
  assert.equal((await authorizer.ask(signed, question())).decision, 'away');
  assert.deepEqual(await unused(), ['part', 'sign', 'token'], 'a refusal tells nothing of them');
  server.answer = takes;
  server.asked.length = 0;
  assert.equal((await authorizer.ask(signed, question())).decision, 'allow');
  assert.deepEqual(await unused(), [], 'what was answered was taken');
  const verified = (at: number, secret: string) =>
    new Webhook(secret).verify(server.asked[at]?.body ?? '', { ...server.asked[at]?.headers } as Record<
      string,
      string
    >);
  assert.ok(verified(0, SIGNING));
  assert.equal(server.asked[0]?.headers.authorization, 'Bearer t0k');
  assert.throws(() => verified(0, `whsec_${Buffer.from('another').toString('base64')}`));
  const next = `whsec_${Buffer.from('the next one').toString('base64')}`;
  await vault.set('default', 'sign', next, 'test');
  await authorizer.ask(signed, question());
  assert.ok(verified(1, next));
});

test('the arguments are left out where the hook is not to have them; where it is, more than a megabyte denies', async (t) => {
  const server = await startAuthzServer(t);
  const { authorizer, hook } = await worldOf(t, server);
  const large = question(`{"a":"${'x'.repeat(1024 * 1024)}"}`);
  const answer = await authorizer.ask(hook(), large);
  assert.equal(authorizer.states()[0]?.failing, undefined, 'it says nothing of the hook');
  assert.match(reasonOf(answer), /the arguments are 1048584 bytes, and at most 1048576 are sent/);
  assert.equal(answer.decision, 'away');
  assert.equal(server.asked.length, 0);
  assert.equal((await authorizer.ask(hook({ sendsArguments: false }), large)).decision, 'allow');
  assert.equal('arguments' in (server.asked[0]?.input ?? {}), false);
});

test('the same question is put once while it is under way, and not again for as long as the answer says', async (t) => {
  const server = await startAuthzServer(t, silence);
  const { authorizer, hook, told, at } = await worldOf(t, server);
  const answers: Promise<unknown>[] = [];
  server.answer = (response) =>
    void setImmediate(() => says({ decision: 'allow', ttl: 60 })(response, server.asked[0] as never));
  for (let ask = 0; ask < 20; ask++) answers.push(authorizer.ask(hook(), question()));
  await Promise.all(answers);
  assert.equal(server.asked.length, 1);
  await authorizer.ask(hook(), question());
  assert.equal(server.asked.length, 1);
  assert.deepEqual(new Set(told.map(({ source }) => source)), new Set(['hook', 'kept']));
  const others: Partial<HookQuestion>[] = [
    { arguments: question('{"n":1}').arguments },
    { names: ['git__pull', 'write:git'] },
    { facts: { client: { name: 'cursor', version: '1' }, address: '192.0.2.7' } },
    { facts: { client: { name: 'claude-code', version: '2.1' }, address: '192.0.2.8' } },
    { policyVersion: 8 },
    { method: 'prompts/get' },
    {
      principal: { ...question().principal, user: { id: 'u-ada', name: 'ada', role: 'admin', groups: ['ops', 'eng'] } },
    },
    { principal: { ...question().principal, credential: { kind: 'grant', id: 'g', label: 'laptop' } } },
  ];
  for (const [index, other] of others.entries()) {
    await authorizer.ask(hook(), question(undefined, other));
    assert.equal(server.asked.length, index + 2, JSON.stringify(other));
  }
  const before = server.asked.length;
  at.ms += 59_000;
  await authorizer.ask(hook(), question());
  assert.equal(server.asked.length, before);
  at.ms += 2_000;
  await authorizer.ask(hook(), question());
  assert.equal(server.asked.length, before + 1);
  await authorizer.ask(hook({ updatedAt: 2 }), question());
  assert.equal(server.asked.length, before + 2, 'what another state of the hook has answered does not count');
});

test('a flood of different questions keeps no more than so many answers', async (t) => {
  const server = await startAuthzServer(t, says({ decision: 'allow', ttl: 3600 }));
  const { authorizer, hook } = await worldOf(t, server);
  await authorizer.ask(hook(), question('"first"'));
  for (let round = 0; round < 200; round++)
    await Promise.all(Array.from({ length: 50 }, (_, each) => authorizer.ask(hook(), question(`[${round},${each}]`))));
  const before = server.asked.length;
  assert.equal(before, 10_001);
  await authorizer.ask(hook(), question('[199,49]'));
  assert.equal(server.asked.length, before);
  await authorizer.ask(hook(), question('"first"'));
  assert.equal(server.asked.length, before + 1, 'the oldest was let go');
});

test('nonsense, redirects, endless and broken answers deny with words, and shut nothing', async (t) => {
  const server = await startAuthzServer(t);
  const { authorizer, hook, events } = await worldOf(t, server);
  const json = { 'content-type': 'application/json' };
  const cases: [AuthzServer['answer'], RegExp][] = [
    [says({ allow: 'yes' }), /gave an answer that is none/],
    [says({}), /has no decision for this question/],
    [says({ result: true }, {}, 500), /status 500/],
    [says({ result: true }, { location: 'http://127.0.0.1:1/' }, 307), /status 307/],
    [says({ result: true }, { 'content-type': 'text/html' }), /did not answer with JSON/],
    [(response) => response.writeHead(200, json).end('{"result":tr'), /did not answer with JSON/],
    [
      (response) => response.writeHead(200, json).end(`{"result":true,"x":"${'x'.repeat(70_000)}"}`),
      /more than is read/,
    ],
    [
      (response) => {
        const stream = setInterval(() => response.write(' '.repeat(10_000)), 1);
        response.writeHead(200, json).on('close', () => clearInterval(stream));
      },
      /more than is read/,
    ],
  ];
  for (const [answer, said] of cases) {
    server.answer = answer;
    for (let time = 0; time < 2; time++) {
      const found = await authorizer.ask(hook(), question());
      assert.equal(found.decision, 'away');
      assert.match(reasonOf(found), said);
    }
  }
  assert.equal(server.asked.length, 2 * cases.length);
  assert.deepEqual(await events(), []);
});

test('a late yes is no yes: the call is denied when the time is over, and what comes then is not looked at', async (t) => {
  const server = await startAuthzServer(t, silence);
  const { authorizer, hook, told } = await worldOf(t, server);
  const responses: (() => void)[] = [];
  server.answer = (response, asked) =>
    responses.push(() => void says({ decision: 'allow', ttl: 600 })(response, asked));
  const answer = await authorizer.ask(hook({ timeoutMs: 60 }), question());
  assert.deepEqual(answer, { decision: 'away', reason: 'it did not answer within 60 ms' });
  for (const respond of responses) respond();
  server.answer = says({ decision: 'deny' });
  assert.equal((await authorizer.ask(hook({ timeoutMs: 10_000 }), question())).decision, 'deny');
  assert.deepEqual(
    told.map(({ source }) => source),
    ['none', 'hook'],
  );
});

test('a hook that is away is told once, is not waited for, and is back with the first answer', async (t) => {
  const server = await startAuthzServer(t);
  const { authorizer, hook, told, at, events } = await worldOf(t, server);
  await server.close();
  const failing = () => authorizer.states().map((each) => [each.isAway, each.failing?.why, each.failing?.since]);
  const since: (number | undefined)[] = [];
  for (let time = 0; time < 3; time++) {
    assert.match(reasonOf(await authorizer.ask(hook(), question(`${time}`))), /could not be reached/);
    since.push(authorizer.states()[0]?.failing?.since);
    assert.deepEqual(failing(), [[time === 2, 'it could not be reached', since[0]]], 'from the first time on');
  }
  const denied = await authorizer.ask(hook(), question());
  assert.deepEqual([denied.decision, reasonOf(denied)], ['away', 'it did not answer the last questions']);
  assert.ok(denied.decision === 'away' && denied.retryAt !== undefined);
  assert.deepEqual(
    told.map(({ source }) => source),
    ['none', 'none', 'none', 'away'],
  );
  assert.equal(typeof since[0], 'number');
  const next = await startAuthzServer(t, says({ decision: 'allow' }));
  at.ms += 1_500;
  assert.equal((await authorizer.ask(hook({ url: next.url }), question())).decision, 'allow');
  assert.deepEqual(failing(), [[false, undefined, undefined]]);
  assert.ok((await events()).includes('hook.away'));
});

test('a test that is answered shows that the hook is back: nothing warns of it any more, and calls are asked about at once', async (t) => {
  const server = await startAuthzServer(t, (response) => response.destroy());
  const { authorizer, hook, events } = await worldOf(t, server);
  for (let time = 0; time < 3; time++) await authorizer.ask(hook(), question(`${time}`));
  const [away] = authorizer.states();
  assert.deepEqual([away?.isAway, away?.failing?.why], [true, 'it could not be reached']);
  assert.equal((await authorizer.try(hook(), question())).answer.decision, 'away');
  assert.equal(authorizer.states()[0]?.isAway, true, 'a test that fails changes nothing');
  server.answer = says({ decision: 'deny' });
  await authorizer.try(hook({ url: `${server.url}/other` }), question());
  assert.equal(authorizer.states()[0]?.isAway, true, 'nor does one of a hook that is set otherwise');
  assert.equal((await authorizer.try(hook(), question())).answer.decision, 'deny');
  assert.deepEqual(
    authorizer.states().map(({ isAway, failing }) => [isAway, failing]),
    [[false, undefined]],
  );
  assert.equal((await authorizer.ask(hook(), question('"next"'))).decision, 'deny');
  assert.deepEqual(
    (await events()).filter((type) => type.startsWith('hook.')),
    ['hook.away', 'hook.back'],
  );
});

test('no secret leads it to another host, and no name of the record to a place that is none', async (t) => {
  const server = await startAuthzServer(t);
  const { authorizer, vault, hook } = await worldOf(t, server);
  await vault.set('default', 'path', '//evil.example/../\\@evil.example#', 'test');
  const { host } = new URL(server.url);
  await authorizer.ask(hook({ url: `http://${host}/\${secret:path}` }), question());
  assert.equal(server.asked.length, 1, 'it stays on its host');
  await authorizer.ask(hook({ url: `http://${host}\${secret:path}` }), question('"other"'));
  assert.equal(server.asked.length <= 2, true);
});

test('a try shows what was sent and what came, and is answered by no memory', async (t) => {
  const server = await startAuthzServer(t, says({ result: { allow: false, reason: 'no' }, ttl: 5 }));
  const { authorizer, hook } = await worldOf(t, server);
  for (let time = 0; time < 2; time++) {
    const tried = await authorizer.try(hook(), question());
    assert.deepEqual(tried.answer, { decision: 'deny', reason: '"no"' });
    assert.equal(tried.question, server.asked[time]?.body);
    assert.match(tried.answered ?? '', /"reason":"no"/);
  }
});

test('one question after the other goes over one connection, and over another once the hook has ended that; each is answered', async (t) => {
  const server = await startAuthzServer(t);
  const { authorizer, hook } = await worldOf(t, server);
  const ask = async (n: number) => (await authorizer.ask(hook(), question(`{"n":${n}}`))).decision;
  for (let n = 0; n < 20; n++) assert.equal(await ask(n), 'allow');
  assert.deepEqual([server.asked.length, server.connections], [20, 1]);
  for (let n = 20; n < 30; n++) {
    // Before the broker can have heard of it.
    await server.dropIdle();
    assert.equal(await ask(n), 'allow');
  }
  assert.deepEqual([server.asked.length, server.connections <= 11], [30, true]);
  assert.deepEqual(await Promise.all(Array.from({ length: 20 }, (_, n) => ask(100 + n))), Array(20).fill('allow'));
  const most = server.connections;
  for (let n = 200; n < 220; n++) assert.equal(await ask(n), 'allow');
  assert.equal(server.connections, most, 'those of many at once are kept for the next');
});
