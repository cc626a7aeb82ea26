import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { CONFIG_KEYS } from '../key-list.ts';
import { loadConfig, reloadConfig } from '../load-config.ts';
import { effectiveValues, type EffectiveValue } from './effective-values.ts';

function fileOf(t: TestContext, lines: readonly string[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'mg-effective-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'mcpgate.yaml');
  writeFileSync(file, `${lines.join('\n')}\n`);
  return file;
}

const byKey = (values: readonly EffectiveValue[]) => new Map(values.map((value) => [value.key, value]));

test('each key is there once, with its value and where that came from: flag before environment before file before default', (t) => {
  const config = fileOf(t, ['listen: 127.0.0.1:7001', 'log: { level: warn }', 'tokens: { access_ttl: 5m }']);
  const surroundings = { env: { MCPGATE_LISTEN: '127.0.0.1:7002', MCPGATE_LOG: 'debug' }, cwd: '/' };
  const flags = { config, listen: '127.0.0.1:7003' };
  const loaded = loadConfig(flags, surroundings);
  const values = effectiveValues(loaded);
  assert.equal(new Set(values.map(({ key }) => key)).size, CONFIG_KEYS.length);
  const found = byKey(values);
  const of = (key: string) => [found.get(key)?.value, found.get(key)?.from, found.get(key)?.origin];
  assert.deepEqual(of('listen'), ['127.0.0.1:7003', 'flag', '--listen']);
  assert.deepEqual(of('log.level'), ['debug', 'environment', 'MCPGATE_LOG']);
  assert.deepEqual(of('tokens.access_ttl'), ['5m', 'file', null]);
  assert.deepEqual(of('tokens.refresh_ttl'), ['30d', 'default', null]);
  assert.deepEqual(of('database_url'), [null, 'default', null]);
  assert.deepEqual([found.get('log.level')?.reloads, found.get('listen')?.reloads], [true, false]);

  writeFileSync(config, 'log: { level: error }\nlisten: 127.0.0.1:7001\n');
  const again = reloadConfig(loaded, flags, { ...surroundings, env: {} }).config;
  const now = byKey(effectiveValues(again));
  assert.equal(now.get('log.level')?.value, 'error');
  assert.equal(now.get('log.level')?.from, 'file', 'the variable is gone, and so is what it said');
  assert.equal(now.get('tokens.access_ttl')?.value, '5m', 'holds until a restart, whatever the file says now');
});

test('what may be secret in a value is masked: passwords and queries of addresses, what stands behind a host, whatever looks like a token', (t) => {
  const token = `ghp_${'Ab3xK9pQ7w'.repeat(4).slice(0, 36)}`;
  const config = fileOf(t, [
    'database_url: "postgres://mcpgate:hunter2/with@sign@db.internal/mcpgate?sslpassword=hunter3"',
    'audit:',
    '  checkpoints:',
    '    - https://receiver.corp.example/T0/hunter4',
    '    - file:/var/lib/log.jsonl',
    '    - { url: https://signed.corp.example/hunter5, secret: "${secret:signs}" }',
    'oidc:',
    '  issuer: https://login.corp.example',
    `  client_id: ${token}`,
    '  client_secret: ${secret:idp}',
  ]);
  const values = effectiveValues(loadConfig({ config }, { env: {}, cwd: '/' }));
  const found = byKey(values);
  assert.doesNotMatch(JSON.stringify(values), /hunter|ghp_Ab3/);
  assert.equal(found.get('database_url')?.value, 'postgres://mcpgate:•••@db.internal/mcpgate?sslpassword=•••');
  assert.match(found.get('audit.checkpoints')?.value ?? '', /https:\/\/receiver.corp.example\/…/);
  assert.match(found.get('audit.checkpoints')?.value ?? '', /file:\/var\/lib\/log.jsonl/);
  assert.equal(found.get('oidc.client_secret')?.value, '${secret:idp}', 'a name of a secret is none');
  assert.equal(found.get('oidc.issuer')?.value, 'https://login.corp.example');
  assert.deepEqual(
    values.filter(({ masked }) => masked).map(({ key }) => key),
    ['database_url', 'oidc.client_id', 'audit.checkpoints'],
  );
});
