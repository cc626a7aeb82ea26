import assert from 'node:assert/strict';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { until } from 'mcpgate-test/world/until';
import { administration } from '../fixtures/administration.ts';

const admin = administration(async (broker) => {
  await broker.json(['user', 'add', 'ada']);
  await broker.run(['secret', 'set', 'key'], 'a value that signs');
});
const json = async (...args: string[]) => Object(await admin.broker.json(args));
const URL_OF_OPA = 'http://127.0.0.1:8181/v1/data/mcpgate/decision';

describe('hooks', () => {
  test('one is sent the audit log: by its name or its kind, and what of it', async () => {
    const url = 'https://siem.example/mcpgate';
    const made = await json('hook', 'add', 'log', '--url', url, '--secret', 'key');
    assert.deepEqual([made.kind, made.what, made.secret, made.timeout_ms], ['log', [], 'key', 5_000]);
    await json('hook', 'add', 'second', '--kind', 'log', '--url', url, '--what', 'denials', 'secret.*');
    const { stdout } = await admin.broker.run(['hook', 'show', 'second'], '');
    assert.match(stdout, /^second: https:\/\/siem.example\/mcpgate\n {2}sent the audit log: denials, secret\.\*$/m);
    assert.deepEqual((await json('hook', 'set', 'second', '--no-what')).what, []);
    for (const what of ['write:github', '*', 'Secret.set'])
      assert.equal((await admin.broker.run(['hook', 'set', 'second', '--what', what], '')).code, 2, what);
    assert.equal((await admin.broker.run(['hook', 'add', 'x', '--kind', 'slack', '--url', url], '')).code, 2);
    const set = await admin.broker.run(['secret', 'set', 'key'], 'another');
    assert.match(set.stdout, /^key is now version 2; used by the hook log from the next call on\n/);
    assert.match((await admin.broker.run(['secret', 'list'], '')).stdout, /USED BY[^]*\nkey .* hook log /);
    for (const name of ['log', 'second']) await admin.broker.run(['hook', 'remove', name, '--yes'], '');
  });

  test('when it is tried again is said in the time of the reader, with its zone', async () => {
    await json('hook', 'add', 'away', '--kind', 'log', '--url', 'http://127.0.0.1:1/');
    await until('it was tried', async () => (await json('hook', 'show', 'away')).queue.next_at !== null);
    const { stdout } = await admin.broker.run(['hook', 'show', 'away'], '');
    assert.match(stdout, /^ {2}tried again \d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d\d:\d\d$/m);
    await admin.broker.run(['hook', 'remove', 'away', '--yes'], '');
  });

  test('the one that is asked about calls is set, changed, shown and removed', async () => {
    assert.deepEqual(await admin.rows('hook', 'list'), []);
    const made = await json('hook', 'set', 'authorize', '--url', URL_OF_OPA, '--secret', 'key');
    const { created_at: _at, updated_at: _changed, created_by: _by, ...rest } = made;
    assert.deepEqual(rest, {
      ...{ name: 'authorize', kind: 'authorize', url: URL_OF_OPA, enabled: true, timeout_ms: 500, secret: 'key' },
      ...{ bearer: null, managed_by: null, what: [], approvers: [], sends_arguments: true, warnings: [] },
    });
    const flags = [
      '--timeout',
      '2s',
      '--what',
      'write:git',
      '--approver',
      'role:admin',
      '--no-arguments',
      '--no-secret',
    ];
    const set = await json('hook', 'set', 'authorize', ...flags, '--bearer', 'nowhere');
    assert.deepEqual(
      [set.url, set.timeout_ms, set.what, set.approvers, set.sends_arguments, set.secret, set.bearer],
      [URL_OF_OPA, 2_000, ['write:git'], ['role:admin'], false, null, 'nowhere'],
    );
    assert.deepEqual(set.warnings, ['there is no secret nowhere yet; set it with `secret set nowhere`']);
    const listed = await admin.broker.run(['hook', 'list'], '');
    assert.match(
      listed.stdout,
      /\n! {2}authorize: there is no secret nowhere yet; set it with `secret set nowhere`\n$/,
    );
    const { stdout } = await admin.broker.run(['hook', 'show', 'authorize'], '');
    assert.equal(
      stdout,
      [
        `authorize: ${URL_OF_OPA}`,
        '  asked about write:git',
        '  gets the digest of the arguments alone',
        '  where it asks, role:admin decide',
        '  waits 2000 ms for an answer',
        '  sends the secret nowhere as Authorization: Bearer',
        '  ! there is no secret nowhere yet; set it with `secret set nowhere`\n',
      ].join('\n'),
    );
    assert.deepEqual((await admin.rows('hook', 'list'))[0], set);
    assert.equal((await json('hook', 'set', 'authorize', '--disable')).enabled, false);
    const removed = await admin.broker.run(['hook', 'remove', 'authorize'], '');
    assert.equal(removed.stdout, 'removed authorize\n');
    assert.match(removed.stderr, /this opens/);
    const events = await admin.rows('audit', 'search', '--type', 'hook.*');
    assert.deepEqual(
      events.filter(({ subject }) => subject === 'hook:authorize').map(({ type }) => type),
      ['hook.removed', 'hook.changed', 'hook.changed', 'hook.added'],
    );
  });

  test('the log goes as syslog or OTLP, with what each of them takes and with nothing else', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'mg-hook-')), 'ca.pem');
    writeFileSync(file, '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n');
    const made = await json('hook', 'add', 'siem', '--kind', 'log', '--url', 'syslog+tls://siem.example', '--ca', file);
    assert.deepEqual(
      [made.format, made.ca, made.max_bytes, made.certificate],
      ['standard', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n', null, null],
    );
    const set = await json('hook', 'set', 'siem', '--certificate', 'mtls', '--max-bytes', '2048', '--no-ca');
    assert.deepEqual([set.ca, set.certificate, set.max_bytes], [null, 'mtls', 2048]);
    assert.deepEqual(set.warnings, ['there is no secret mtls yet; set it with `secret set mtls`']);
    const otlp = [
      '--url',
      'https://otlp.example/v1/logs',
      '--format',
      'otlp',
      '--header',
      'Api-Key: ${secret:otlp-key}',
    ];
    const collector = await json('hook', 'add', 'otel', '--kind', 'log', ...otlp);
    assert.deepEqual([collector.format, collector.headers], ['otlp', { 'api-key': '${secret:otlp-key}' }]);
    const { stdout } = await admin.broker.run(['hook', 'show', 'otel'], '');
    assert.match(stdout, / {2}as OTLP logs\n {2}with the header api-key: \$\{secret:otlp-key\}\n/);
    const tls = ['hook', 'add', 'x', '--kind', 'log', '--url', 'syslog+tls://siem.example'];
    const plain = ['hook', 'add', 'x', '--kind', 'log', '--url', 'syslog+udp://siem.example'];
    const web = ['hook', 'add', 'x', '--kind', 'log', '--url', 'https://siem.example/'];
    const cases: [string[], RegExp][] = [
      [[...tls, '--format', 'otlp'], /OTLP is sent over HTTP/],
      [[...tls, '--secret', 'key'], /syslog has no headers/],
      [[...tls, '--header', 'a: b'], /syslog has no headers/],
      [[...tls, '--max-bytes', '100'], /--max-bytes: at least 480/],
      [[...tls, '--ca', '/nowhere.pem'], /--ca: \/nowhere\.pem cannot be read/],
      [[...tls, '--ca', '/dev/zero'], /--ca: \/dev\/zero is larger than 1000000 bytes/],
      [[...plain, '--ca', file], /over TLS alone/],
      [[...plain, '--certificate', 'mtls'], /over TLS alone/],
      [[...web, '--certificate', 'mtls'], /for syslog alone/],
      [[...web, '--header', 'authorization: x'], /mcpgate writes the header authorization itself/],
      [[...web, '--header', 'api-key: q8Zr2LwVx0Tn4KcYb6Hs1Pd3'], /looks like a secret/],
      [['hook', 'add', 'x', '--url', 'syslog+tls://siem.example'], /http or https/],
      [['hook', 'add', 'x', '--kind', 'log', '--url', 'syslog://siem.example'], /syslog\+tls|http or https/],
      [['hook', 'add', 'x', '--format', 'otlp', '--url', 'https://a.example'], /standard|slack/],
    ];
    for (const [args, message] of cases) {
      const failed = await admin.failure(args);
      assert.deepEqual([failed.code, message.test(failed.stderr)], [2, true], `${args.join(' ')}: ${failed.stderr}`);
    }
    for (const name of ['siem', 'otel']) await admin.broker.run(['hook', 'remove', name, '--yes'], '');
  });

  test('those that are told what waits are added with whose decisions come back, and keep their secrets in use', async () => {
    const flags = ['--format', 'slack', '--signing-secret', 'key', '--map', 'U02AB=user:ada', 'ü=user:nobody'];
    const url = 'https://hooks.slack.com/services/${secret:slack-path}';
    const made = await json('hook', 'add', 'slack', '--url', url, ...flags, '--by-email');
    assert.deepEqual(
      [made.kind, made.format, made.signing_secret, made.people, made.by_email],
      ['approvals', 'slack', 'key', { U02AB: 'user:ada', ü: 'user:nobody' }, true],
    );
    assert.deepEqual(made.warnings, [
      'there is no secret slack-path yet; set it with `secret set slack-path`',
      'there is nobody called user:nobody',
    ]);
    const kept = await admin.failure(['secret', 'remove', 'key']);
    assert.match(kept.stderr, /in use by the hook slack/);
    await json('hook', 'remove', 'slack');
    await json('secret', 'remove', 'key');
  });

  test('what cannot be a hook is refused with what to write instead', async () => {
    const cases: [string[], number, RegExp][] = [
      [['hook', 'add', 'x'], 2, /give the address: --url URL/],
      [['hook', 'set', 'authorize'], 2, /say what changes/],
      [['hook', 'set', 'nobody', '--disable'], 1, /there is no hook "nobody"/],
      [['hook', 'show', 'nobody'], 1, /there is no hook "nobody"/],
      [['hook', 'add', 'A B', '--url', URL_OF_OPA], 2, /1 to 24 of/],
      [['hook', 'add', 'x', '--url', 'ftp://a.example'], 2, /an http or https URL/],
      [['hook', 'add', 'x', '--url', 'https://u:p@a.example'], 2, /without a password/],
      [['hook', 'add', 'x', '--url', 'https://a.example:80${secret:port}/'], 2, /behind its host/],
      [['hook', 'add', 'x', '--url', 'https://${secret:host}/x'], 2, /behind its host/],
      [['hook', 'add', 'x', '--url', 'https://a.example/${account:key}'], 2, /behind its host/],
      [['hook', 'add', 'x', '--url', URL_OF_OPA, '--timeout', '6s'], 2, /--timeout: at most 5 s/],
      [['hook', 'add', 'x', '--url', URL_OF_OPA, '--map', 'U02=ada'], 2, /a person is user:NAME/],
      [['hook', 'add', 'x', '--url', URL_OF_OPA, '--what', 'a__b'], 2, /what/],
      [['hook', 'add', 'x', '--url', URL_OF_OPA, '--enable', '--disable'], 2, /one of them/],
      [['hook', 'add', 'x', '--url', URL_OF_OPA, '--format', 'teams'], 2, /standard or slack/],
    ];
    const path = ['T01ABCDEF', 'B01ABCDEF', 'q8Zr2LwVx0Tn4KcYb6Hs1Pd3'];
    const plain = `https://hooks.slack.com/services/${path.join('/')}`;
    cases.push(
      [['hook', 'add', 'x', '--url', plain], 2, /looks like a secret.*secret set \S+`, and write \$\{secret:/s],
      [['hook', 'set', 'authorize', '--url', `${URL_OF_OPA}?token=${path[2]}`], 2, /looks like a secret/],
    );
    for (const [args, code, message] of cases) {
      const failed = await admin.failure(args);
      assert.deepEqual([failed.code, message.test(failed.stderr)], [code, true], `${args.join(' ')}: ${failed.stderr}`);
      assert.equal(failed.stderr.includes(path[2] ?? ''), false);
    }
  });
});
