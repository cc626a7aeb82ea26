// What changes, told as it changes: to whom, what, and until when.
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import type { Change } from 'mcpgate-shared/api/events/events';
import { startApiWorld, type ApiBrowser, type ApiWorld } from './fixtures/api-world.ts';
import { openEvents } from './fixtures/event-reader.ts';

suite('what changes, as it changes', () => {
  let world: ApiWorld;
  before(async () => {
    world = await startApiWorld();
  });
  after(() => world.close());

  const follow = async (browser: ApiBrowser, query = '', headers: Record<string, string> = {}) => {
    const stream = await openEvents(`${world.url}/api/v1/events${query}`, {
      cookie: browser.cookie(),
      'sec-fetch-site': 'same-origin',
      ...headers,
    });
    if (stream.all === undefined) assert.fail(JSON.stringify(stream));
    const hello = await stream.heard(({ event }) => event === 'hello');
    return { ...stream, hello: hello.change as Change & { event: 'hello' } };
  };
  const isAbout = (subject: string) => (change: Change) => 'subject' in change && change.subject === subject;

  test('an administrator hears of people, secrets, rules, servers and the log, each as what it is', async () => {
    const { admin } = world;
    const stream = await follow(admin);
    assert.deepEqual(stream.hello.topics, [
      'calls',
      'log',
      'requests',
      'servers',
      'links',
      'secrets',
      'rules',
      'people',
    ]);
    await admin.change('POST', '/users', { name: 'grace', role: 'member' });
    await admin.change('PUT', '/secrets/github-token', { value: 'v4lue-of-the-secret' });
    await admin.change('POST', '/rules', { effect: 'allow', who: ['*'], what: ['github__*'] });
    const person = await stream.heard(isAbout('user:grace'));
    assert.deepEqual(
      [person.change.event, Object(person.change)['type'], Object(person.change)['actor']],
      ['person', 'user.added', 'root'],
    );
    assert.equal((await stream.heard(isAbout('secret:github-token'))).change.event, 'secret');
    assert.ok(await stream.heard(({ event }) => event === 'rule'));
    const record = await stream.heard((change) => change.event === 'record' && change.record.type === 'secret.set');
    assert.ok(record.id);
    assert.ok(!JSON.stringify(stream.all).includes('v4lue'));
    stream.close();
  });

  test('it goes on where it ended, without a gap and without telling anything twice, and says what it cannot tell again', async () => {
    const { admin } = world;
    const first = await follow(admin, '?topics=log,people,links');
    await admin.change('POST', '/users', { name: 'before', role: 'member' });
    const { id = '' } = await first.heard(isAbout('user:before'));
    first.close();
    await admin.change('POST', '/users', { name: 'between', role: 'member' });
    const second = await follow(admin, '?topics=log,people,links', { 'last-event-id': id });
    assert.equal(second.hello.resumed, true);
    await second.heard(isAbout('user:between'));
    await admin.change('POST', '/users', { name: 'afterwards', role: 'member' });
    await second.heard(isAbout('user:afterwards'));
    const subjects = second.all.flatMap(({ change }) => (change.event === 'person' ? [change.subject] : []));
    assert.deepEqual(subjects, ['user:between', 'user:afterwards']);
    const again = second.all.flatMap(({ change }) => (change.event === 'resync' ? [change.topics] : []));
    assert.deepEqual(again, [['links']]);
    second.close();
    for (const nonsense of ['x', '0-1.zzzzzz', `${id}-?`, 'x'.repeat(900)]) {
      const lost = await follow(admin, `?topics=people&after=${nonsense}`);
      assert.equal(lost.hello.resumed, false, nonsense);
      assert.deepEqual((await lost.heard(({ event }) => event === 'resync')).change, {
        event: 'resync',
        topics: ['people'],
      });
      lost.close();
    }
  });

  test('others hear what their role may: a member of what is their own, and who asks for more is refused', async () => {
    const { admin } = world;
    const [member, auditor, operator] = [
      await world.newPerson('mia', 'member'),
      await world.newPerson('audrey', 'auditor'),
      await world.newPerson('otto', 'operator'),
    ];
    const streams = { member: await follow(member), auditor: await follow(auditor), operator: await follow(operator) };
    assert.deepEqual(streams.member.hello.topics, ['calls', 'requests', 'links', 'people']);
    assert.deepEqual(streams.auditor.hello.topics, ['calls', 'log', 'requests', 'links', 'people']);
    assert.deepEqual(streams.operator.hello.topics, [
      'calls',
      'requests',
      'servers',
      'links',
      'secrets',
      'rules',
      'people',
    ]);
    for (const [browser, topic] of [
      [member, 'log'],
      [member, 'secrets'],
      [auditor, 'secrets'],
      [operator, 'log'],
    ] as const) {
      const answer = await browser.ask('GET', `/events?topics=people,${topic}`);
      assert.equal(answer.status, 403, topic);
    }
    assert.equal((await member.ask('GET', '/events?topics=everything')).status, 400);
    await admin.change('PUT', '/secrets/hidden', { value: 'v4lue' });
    await admin.change('PUT', '/users/otto/groups', { groups: ['ops'] });
    await admin.change('PUT', '/users/mia/groups', { groups: ['dev'] });
    await streams.member.heard(isAbout('user:mia'));
    await streams.operator.heard(isAbout('user:otto'));
    await streams.auditor.heard((change) => change.event === 'record' && change.record.subject === 'user:mia');
    const changes = streams.member.all.filter(({ change }) => change.event !== 'hello').map(({ change }) => change);
    assert.ok(changes.every(isAbout('user:mia')), JSON.stringify(changes));
    assert.ok(!streams.operator.all.some(({ change }) => isAbout('user:mia')(change)));
    assert.ok(streams.operator.all.some(({ change }) => isAbout('secret:hidden')(change)));
    for (const { close } of Object.values(streams)) close();
  });

  test('another workspace is heard by whoever may enter it, and by nobody else', async () => {
    const { admin } = world;
    await admin.change('POST', '/workspaces', { name: 'team-b' });
    const boss = await world.newPerson('boss', 'admin', 'team-b');
    const [entered, own, home] = [
      await follow(admin, '?workspace=team-b&topics=people'),
      await follow(boss),
      await follow(admin),
    ];
    assert.deepEqual([entered.hello.workspace, own.hello.workspace], ['team-b', 'team-b']);
    await boss.change('POST', '/users', { name: 'only-there', role: 'member' });
    for (const stream of [entered, own]) await stream.heard(isAbout('user:only-there'));
    await admin.change('POST', '/users', { name: 'only-here', role: 'member' });
    await home.heard(isAbout('user:only-here'));
    assert.ok(!home.all.some(({ change }) => isAbout('user:only-there')(change)));
    assert.ok(!own.all.some(({ change }) => isAbout('user:only-here')(change)));
    assert.equal((await boss.ask('GET', '/events?workspace=default')).status, 403);
    for (const { close } of [entered, own, home]) close();
  });

  test('how a server is, is heard of from its beginning to its end', async () => {
    const { admin } = world;
    const stream = await follow(admin, '?topics=servers');
    const transport = { kind: 'http', url: 'http://127.0.0.1:9/mcp' };
    await admin.change('POST', '/servers', { name: 'away', transport });
    await stream.heard(isAbout('server:away'));
    const isNow = (state: string) => (change: Change) =>
      change.event === 'health' && change.server === 'away' && change.state === state;
    await stream.heard(({ event }) => event === 'health');
    await admin.change('POST', '/servers/away/disable');
    await stream.heard(isNow('disabled'));
    await admin.change('DELETE', '/servers/away');
    await stream.heard(isNow('removed'));
    await stream.heard((change) => change.event === 'server' && change.type === 'server.removed');
    stream.close();
  });

  test('it ends at once with the sign-in that opened it, and with the role', async () => {
    const { admin } = world;
    const auditor = await world.newPerson('ada', 'auditor');
    const [first, token] = [
      await follow(auditor),
      await admin.change('POST', '/admin-tokens', { label: 'x', role: 'auditor' }),
    ];
    const second = await openEvents(`${world.url}/api/v1/events`, {
      authorization: `Bearer ${String(token['token'])}`,
    });
    if (second.all === undefined) assert.fail(JSON.stringify(second));
    await second.heard(({ event }) => event === 'hello');
    await admin.change('PUT', '/users/ada/role', { role: 'member' });
    await first.ended();
    const third = await follow(auditor);
    assert.deepEqual(third.hello.topics, ['calls', 'requests', 'links', 'people'], 'she hears what she may now');
    const receipt = await admin.change('POST', '/users/ada/disable');
    assert.equal(receipt['links_closed'], 1);
    await third.ended();
    await admin.change('POST', '/admin-tokens/x/revoke');
    await second.ended();
    assert.equal((await auditor.ask('GET', '/events')).status, 401);
  });

  test('hundreds of streams of one person are twenty, and nobody else goes without', async () => {
    const { admin } = world;
    const crowd = await world.newPerson('crowd', 'member');
    const url = `${world.url}/api/v1/events`;
    const opened = await Promise.all(
      Array.from({ length: 300 }, () => openEvents(url, { cookie: crowd.cookie(), 'sec-fetch-site': 'same-origin' })),
    );
    assert.equal(opened.filter(({ status }) => status === 200).length, 20);
    assert.equal(opened.filter(({ status }) => status === 429).length, 280);
    (await follow(admin)).close();
    for (const { close } of opened) close();
    const again = async (): Promise<void> => {
      const answer = await openEvents(url, { cookie: crowd.cookie() });
      answer.close();
      if (answer.status !== 200) await again();
    };
    await again();
  });

  test('no page of another site can follow, and it ends where the broker is to end', async () => {
    const { admin } = world;
    const foreign = await admin.ask('GET', '/events', { headers: { 'sec-fetch-site': 'cross-site' } });
    assert.equal(foreign.status, 403);
    const stream = await follow(admin);
    const drained = world.broker.drain();
    await stream.ended();
    assert.deepEqual(stream.all.at(-1)?.change, { event: 'bye', why: 'draining' });
    assert.equal((await admin.ask('GET', '/events')).status, 503);
    await drained;
  });
});
