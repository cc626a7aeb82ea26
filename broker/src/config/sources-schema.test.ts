// What the configuration may say of where secrets come from, and what it becomes.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { it, type TestContext } from 'node:test';
import { temporaryFolder } from '../store/fixtures/both-engines.ts';
import { loadConfig } from './load-config.ts';
import { secretFilesOf, sourcePathsOf, sourceSettings } from './source-settings.ts';

function settingsOf(t: TestContext, yaml: string) {
  const cwd = temporaryFolder(t);
  writeFileSync(join(cwd, 'mcpgate.yaml'), yaml);
  const config = loadConfig({ config: 'mcpgate.yaml' }, { env: {}, cwd });
  return { cwd, settings: sourceSettings(config), files: secretFilesOf(config), places: sourcePathsOf(config) };
}

it('without a word nothing is allowed but variables that are there for it', (t) => {
  const { cwd, settings } = settingsOf(t, '{}');
  assert.deepEqual(
    [settings.env, settings.files, settings.commands, settings.hashicorp],
    [['MCPGATE_SECRET_*'], [], [], undefined],
  );
  for (const name of ['DATABASE_URL', 'MCPGATE_MASTER_KEY_FILE', 'MCPGATE_CONFIG', 'VAULT_TOKEN'])
    assert.ok(settings.ownVariables.has(name), name);
  for (const file of ['mcpgate-data', 'mcpgate-data/master.key', 'mcpgate.yaml'])
    assert.ok(settings.closedPaths.includes(join(cwd, file)), file);
});

it('commands become their words, and the login files of Vault belong to what nobody reads', (t) => {
  const { cwd, settings, files } = settingsOf(
    t,
    `
sources:
  commands: ["/usr/bin/op read 'op://my vault/*'"]
vault: { address: 'https://vault.example:8200/', auth: approle, role_id: r, secret_id_file: secret-id }
`,
  );
  assert.deepEqual(settings.commands, [['/usr/bin/op', 'read', 'op://my vault/*']]);
  assert.equal(settings.hashicorp?.address, 'https://vault.example:8200');
  assert.equal(settings.hashicorp.authMount, 'approle');
  assert.ok(files.includes(join(cwd, 'secret-id')));
});

it('no server sees the places of secrets, of no workspace', (t) => {
  const { places } = settingsOf(t, `sources: { files: ['/run/mcp/a', '/srv/secrets/{workspace}/x'] }`);
  assert.deepEqual(places, ['/run/mcp/a', '/srv/secrets']);
});

for (const [what, yaml, message] of [
  ['a command without its full path', `sources: { commands: ['op read *'] }`, /full path of the program/],
  ['a program that is left open', `sources: { commands: ['/usr/bin/*'] }`, /full path of the program/],
  ['a relative path', `sources: { files: ['secrets'] }`, /write full paths/],
  [
    'a place that two workspaces could share',
    `sources: { files: ['/srv/{workspace}-x'] }`,
    /as a whole part of a path/,
  ],
  ['places of workspaces at the top', `sources: { files: ['/{workspace}/x'] }`, /write full paths/],
  ['the same of Vault', `vault: { address: 'https://v', paths: ['t/{workspace}*'] }`, /as a whole part of a path/],
  [
    'a Vault without TLS elsewhere',
    `vault: { address: 'http://vault.example' }`,
    /without TLS it may only be on this host/,
  ],
  ['a Vault with a password in its URL', `vault: { address: 'https://u:p@vault.example' }`, /write https/],
  ['AppRole without its role', `vault: { address: 'https://v', auth: approle }`, /role_id: auth: approle needs it/],
  [
    'Kubernetes without its role',
    `vault: { address: 'https://v', auth: kubernetes }`,
    /role: auth: kubernetes needs it/,
  ],
  ['a token in the file', `vault: { address: 'https://v', token: x }`, /token/],
] as const)
  it(`${what} is a mistake, and the broker does not start`, (t) => {
    assert.throws(() => settingsOf(t, yaml), { code: 'config', message });
  });
