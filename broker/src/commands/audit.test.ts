import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { administration, keysOf } from './fixtures/administration.ts';
import { brokerCommandLines, temporaryFolder } from './fixtures/broker-process.ts';

const admin = administration(async (broker) => {
  const file = join(temporaryFolder(), 'client.json');
  writeFileSync(file, JSON.stringify({ mcpServers: { sentry: { url: 'https://sentry.example.com/mcp' } } }));
  const changes = [
    'user add ada',
    'user disable ada',
    'user enable ada',
    'server add github --url https://github.example.com/mcp',
    'server disable github',
    'server remove github',
    `server import ${file}`,
    'enforcement observe',
    'enforcement enforce',
    'grant issue --label ci --server sentry',
    'grant revoke ci',
  ];
  for (const change of changes) await broker.json(change.split(' '));
  await broker.json(['secret', 'set', 'github-token'], { stdin: 'v4lue' });
  const rule = await broker.json(['rule', 'add', '--allow', '--who', 'user:ada', '--what', '*']);
  await broker.json(['rule', 'remove', String(Object(rule)['id'])]);
  const body = new URLSearchParams({ client_id: 'mcpgate-cli', scope: 'openid offline_access', device_name: 'laptop' });
  const started: unknown = await (
    await fetch(`${broker.url}/oauth/device_authorization`, { method: 'POST', body })
  ).json();
  const device = await broker.json(['login', 'approve', String(Object(started)['user_code']), '--as', 'ada']);
  await broker.json(['device', 'revoke', String(Object(device)['id'])]);
});

describe('the log', () => {
  test('has every administrative change with who made it', async () => {
    const events = await admin.rows('audit', 'search', '--events', '--since', '1h', '--limit', '1000');
    const types = new Set(events.map((event) => event['type']));
    for (const type of [
      'user.added',
      'user.disabled',
      'user.enabled',
      'secret.set',
      'server.added',
      'server.removed',
      'server.imported',
      'server.disabled',
      'rule.added',
      'rule.removed',
      'enforcement.changed',
      'grant.issued',
      'grant.revoked',
      'login.approved',
      'device.revoked',
    ]) {
      assert.ok(types.has(type), `${type} of ${[...types].join(', ')}`);
    }
    assert.ok(
      events
        .filter((event) => event['type'] !== 'auth.rejected')
        .every((event) => /^host:\S+$/.test(String(event['actor']))),
    );
    assert.deepEqual(await admin.rows('audit', 'search'), [], 'no call was made');
    assert.equal((await admin.failure(['audit', 'search', '--since', 'yesterday'])).code, 2);
    assert.equal((await admin.failure(['audit', 'search', '--limit', '0'])).code, 2);
  });

  test('shows one record, as it is called in a table and with its rows', async () => {
    const [added] = await admin.rows('audit', 'search', '--type', 'rule.added');
    const id = String(added?.['id']);
    const story = Object(await admin.broker.json(['audit', 'show', id.slice(0, 18)]));
    assert.deepEqual([story['event']['id'], story['rows'].length], [id, 1]);
    const { stdout: text } = await admin.broker.run(['audit', 'show', id]);
    assert.match(text, /^event {7}\S+\ntime {8}\d{4}-\d\d-\d\d .*\nwhat {8}rule\.added\nby {10}host:/);
    assert.match(text, /chain \S+, row \d+\n {12}hash [0-9a-f]{64}/);
    assert.equal((await admin.failure(['audit', 'show', 'nothing'])).code, 2);
    assert.equal((await admin.failure(['audit', 'show', '00000000-0000-7000-8000-000000000000'])).code, 1);
  });

  test('shows what was changed, and how it was before', async () => {
    const [changed] = await admin.rows('audit', 'search', '--type', 'enforcement.changed');
    const { stdout: story } = await admin.broker.run(['audit', 'show', String(changed?.['id'])]);
    assert.match(story, /^changed {5}enforcement: observe → enforce$/m);
    assert.doesNotMatch(story, /before=|after=/);
    const { stdout: found } = await admin.broker.run(['audit', 'search', '--type', 'grant.revoked']);
    assert.match(found, /state: active → revoked/);
  });

  test('is searched by what fits only: a filter of calls on events is a mistake', async () => {
    const { code, stderr } = await admin.failure(['audit', 'search', '--events', '--status', 'ok']);
    assert.deepEqual([code, /--status: events have none/.test(stderr)], [2, true]);
    assert.equal((await admin.failure(['audit', 'search', '--status', 'fine'])).code, 2);
    const all = await admin.rows('audit', 'search', '--events', '--all');
    assert.deepEqual((await admin.rows('audit', 'search', '--events', '--limit', '3')).length, 3);
    assert.ok(all.length > 15);
    const back = ['audit', 'search', '--since', '2026-03-01', '--until', '2026-02-01'];
    for (const command of [back, ['audit', 'export', ...back.slice(2)], ['audit', 'verify', ...back.slice(2)]]) {
      const { code: wrong, stderr: said } = await admin.failure(command);
      assert.deepEqual([wrong, /--since 2026-03-01 is not before --until 2026-02-01/.test(said)], [2, true], said);
    }
  });

  test('is verified in part where that is asked for, which is said', async () => {
    const whole = await admin.broker.run(['audit', 'verify']);
    assert.deepEqual([whole.code, whole.stderr], [0, '']);
    const part = await admin.broker.run(['audit', 'verify', '--since', '2026-03-01', '--until', '2026-04-01']);
    assert.equal(part.code, 0);
    assert.match(part.stderr, /^rows before 2026-03-01 .* and rows from 2026-04-01 .* on were not looked at$/m);
  });

  test('is verified against checkpoints and archives that are there: an empty file proves nothing', async () => {
    const folder = temporaryFolder();
    const fileOf = (name: string, text: string): string => {
      writeFileSync(join(folder, name), text);
      return join(folder, name);
    };
    const [empty, torn] = [fileOf('empty.jsonl', '\n'), fileOf('torn.jsonl', '{"statement":')];
    for (const [args, said] of [
      [['--checkpoints', empty], `--checkpoints: there is no checkpoint in ${empty}`],
      [['--checkpoints', torn], `--checkpoints: ${torn}: line 1 is no checkpoint`],
      [['--checkpoints', folder], `--checkpoints: ${torn}: line 1 is no checkpoint`],
      [['--checkpoints', temporaryFolder()], '--checkpoints: there is no checkpoint in '],
      [['--checkpoints', '/nowhere'], '--checkpoints: /nowhere cannot be read'],
      [['--archives', '/nowhere'], '--archives: there is no folder /nowhere on this machine'],
      [['--archives', empty], `--archives: there is no folder ${empty} on this machine`],
    ] as const) {
      const { code, stderr } = await admin.failure(['audit', 'verify', ...args]);
      assert.deepEqual([code, stderr.includes(said)], [2, true], stderr);
    }
  });

  test('an event is listed with the address from which it was asked for, where there is room', async () => {
    await fetch(`${admin.broker.url}/api/v1/users`, { headers: { authorization: 'Bearer nobody' } });
    const { stdout } = await admin.broker.run(['audit', 'search', '--events', '--all']);
    assert.match(stdout, /^TIME +EVENT +BY +ON +ADDRESS +DETAILS +ID$/m);
    assert.match(stdout, / 127\.0\.0\.1 /);
  });

  test('says where nothing was found because nobody has the name, and nothing of somebody who did nothing', async () => {
    for (const [user, events, isNobody] of [
      ['nobody', [], true],
      ['nobody', ['--events'], true],
      ['Not A Name', [], true],
      ['ada', [], false],
      ['grant:nothing', [], false],
    ] as const) {
      const { code, stdout, stderr } = await admin.broker.run(['audit', 'search', '--user', user, ...events]);
      assert.deepEqual([code, stdout], [0, events.length === 0 ? 'no calls\n' : 'no events\n']);
      assert.equal(stderr.includes(`nobody in this workspace is called ${user}`), isNobody, stderr);
    }
    const { code, stderr } = await admin.failure(['audit', 'export', '--archives', '/nowhere']);
    assert.deepEqual([code, /--archives: there is no folder \/nowhere on this machine/.test(stderr)], [2, true]);
  });

  test('tail gives the last records as one document, or follows', async () => {
    const last = Object(await admin.broker.json(['audit', 'tail', '--no-follow', '--lines', '2']));
    assert.equal(last.length, 2);
    assert.deepEqual(keysOf(last[0]), ['kind', 'record']);

    const seen: string[] = [];
    for await (const line of brokerCommandLines(['audit', 'tail', '--json', '--lines', '1'], {
      MCPGATE_DATA: admin.broker.dataDir,
    })) {
      seen.push(String(Object(JSON.parse(line))['record']['type']));
      if (seen.length === 2) break;
      await admin.broker.json(['user', 'add', 'watched']);
    }
    assert.equal(seen[1], 'user.added');
  });
});
