import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { effectiveEnvironment, keptEnvironment } from './kept-environment.ts';
import { guardSettings, readSettings, settingsPath } from './settings-file.ts';
import { createSettingsStore } from './settings.ts';

test('what conf writes is read without it, is private, and undefined removes a key', async (t) => {
  const configDir = mkdtempSync(join(tmpdir(), 'mg-settings-'));
  t.after(() => rmSync(configDir, { recursive: true }));
  assert.deepEqual(readSettings(configDir), {});
  const store = createSettingsStore(configDir);
  await store.update({ broker: 'https://a.example', user: 'ada', environment: { 'A.B': 'c' } });
  await store.update({ user: undefined, workspace: 'w' });
  const expected = { broker: 'https://a.example', workspace: 'w', environment: { 'A.B': 'c' } };
  assert.deepEqual(readSettings(configDir), expected);
  assert.equal(statSync(settingsPath(configDir)).mode & 0o777, 0o600);
});

test('unknown and wrongly typed keys are as if they were not there', () => {
  const wrong = {
    broker: 1,
    user: '',
    credential: 'paper',
    tokenStore: 'x',
    environment: { A: 1, B: 'b' },
    more: true,
  };
  assert.deepEqual(guardSettings(wrong), { environment: { B: 'b' } });
  assert.deepEqual(guardSettings(null), {});
});

test('what is set now beats what was kept at login, in either case of the name', () => {
  const environment = { HTTPS_PROXY: 'http://old', NO_PROXY: 'old', XDG_RUNTIME_DIR: '/run/user/1' };
  assert.deepEqual(effectiveEnvironment({ https_proxy: 'http://new', NO_PROXY: '' }, { environment }), {
    https_proxy: 'http://new',
    NO_PROXY: '',
    XDG_RUNTIME_DIR: '/run/user/1',
  });
});

test('a kept bus address whose socket is gone is dropped', () => {
  const environment = { DBUS_SESSION_BUS_ADDRESS: 'unix:path=/nonexistent/bus,guid=1' };
  assert.deepEqual(effectiveEnvironment({}, { environment }), {});
});

test('only what the daemon will need is kept: no secret of the shell', () => {
  assert.deepEqual(keptEnvironment({ HTTPS_PROXY: 'p', GITHUB_TOKEN: 's', MCPGATE_TOKEN: 's', NO_PROXY: '' }), {
    HTTPS_PROXY: 'p',
  });
});
