import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { CatalogueEntrySchema, type CatalogueEntryText } from 'mcpgate-shared/api/catalogue';
import { fieldsOfPeople, fieldsToGive, type Given, logInOf, secretNameFor, transportDraft } from './record-draft.ts';

const entryOf = (more: Partial<CatalogueEntryText>) =>
  CatalogueEntrySchema.parse({
    name: 'wiki',
    title: 'Wiki',
    description: 'Pages.',
    maker: 'Example',
    verified: true,
    transport: {
      kind: 'http',
      url: 'https://${field:HOST}/mcp?team=${field:TEAM}',
      headers: { Authorization: 'Bearer ${field:TOKEN}', 'X-Trace': '${field:TRACE}' },
    },
    fields: [
      { name: 'HOST', label: 'Host', of: 'server', secret: false, default: 'wiki.example.com' },
      { name: 'TEAM', label: 'Team', of: 'server', secret: false, choices: ['red', 'blue'] },
      { name: 'TRACE', label: 'Trace', of: 'server', secret: false, required: false },
      { name: 'TOKEN', label: 'Token', of: 'account', secret: true },
    ],
    oauth: { client: 'automatic' },
    credential: 'personal',
    account: 'oauth',
    docs: null,
    ...more,
  });
const wiki = entryOf({});
const given = (values: Record<string, Given>) => new Map(Object.entries(values));

describe('a record from an entry of the catalogue', () => {
  test('used by everybody with keys: the administrator gives all of them, secrets by their names in the vault', () => {
    const logIn = logInOf(wiki, { account: 'keys', credential: 'shared' });
    assert.deepEqual(
      fieldsToGive(wiki, logIn).map(({ name }) => name),
      ['HOST', 'TEAM', 'TRACE', 'TOKEN'],
    );
    assert.deepEqual(transportDraft(wiki, logIn, given({ TEAM: { text: 'red' }, TOKEN: { secret: 'wiki-token' } })), {
      kind: 'http',
      url: 'https://wiki.example.com/mcp?team=red',
      headers: { Authorization: 'Bearer ${secret:wiki-token}' },
    });
  });

  test('with each person’s keys: they are left to them', () => {
    const logIn = logInOf(wiki, { account: 'keys' });
    assert.equal(logIn.credential, 'personal');
    assert.deepEqual(
      fieldsOfPeople(wiki, logIn).map(({ name }) => name),
      ['TOKEN'],
    );
    const draft = transportDraft(wiki, logIn, given({ TEAM: { text: 'blue' }, TRACE: { text: 'on' } }));
    assert.deepEqual(draft.kind === 'http' && draft.headers, {
      Authorization: 'Bearer ${account:TOKEN}',
      'X-Trace': 'on',
    });
  });

  test('with OAuth: the header with a key is none of it', () => {
    const draft = transportDraft(
      wiki,
      logInOf(wiki, {}),
      given({ TEAM: { text: 'red' }, HOST: { text: 'w.example' } }),
    );
    assert.deepEqual(draft, { kind: 'http', url: 'https://w.example/mcp?team=red', headers: {} });
  });

  test('names no secret that was not given, also where two pieces of it together would', () => {
    const build = (value: string, fields: CatalogueEntryText['fields']) => {
      const entry = entryOf({
        transport: { kind: 'http', url: 'https://wiki.example.com/', headers: { A: value } },
        fields,
        account: null,
        credential: 'shared',
      });
      return transportDraft(entry, logInOf(entry, {}), given({}));
    };
    const open = { label: 'A', of: 'server', secret: false } as const;
    const message = /would name a secret or an account that was not given/;
    const refused = { code: 'usage', message };
    assert.throws(
      () => build('$${field:A}', [{ ...open, name: 'A', default: '{secret:GITHUB_TOKEN}' }]),
      refused,
      'a default behind a dollar',
    );
    const [dollar, rest] = [
      { ...open, name: 'A', default: '$' },
      { ...open, name: 'B', default: '{secret:GITHUB_TOKEN}' },
    ];
    assert.throws(() => build('${field:A}${field:B}', [dollar, rest]), refused, 'two defaults');
    assert.throws(
      () => build('${field:A}', [{ ...open, name: 'A', default: '${secret:GITHUB_TOKEN}' }]),
      refused,
      'a whole one',
    );
  });

  test('leaves out a variable or an argument whose field was left out', () => {
    const entry = entryOf({
      transport: {
        kind: 'stdio',
        command: 'npx',
        args: ['-y', 'wiki@1.0.0', '--host=${field:HOST}', '--trace=${field:TRACE}'],
        env: { TOKEN: '${field:TOKEN}', TEAM: 'team-${field:TEAM}' },
      },
      oauth: null,
      account: 'keys',
    });
    const draft = transportDraft(entry, logInOf(entry, {}), given({ TEAM: { text: 'red' } }));
    assert.deepEqual(draft, {
      kind: 'stdio',
      command: 'npx',
      args: ['-y', 'wiki@1.0.0', '--host=wiki.example.com'],
      env: { TOKEN: '${account:TOKEN}', TEAM: 'team-red' },
    });
  });

  test('is refused, naming the field, where something is missing, unknown, no choice, or no value but a reference', () => {
    const logIn = logInOf(wiki, { account: 'keys', credential: 'shared' });
    const cases: [Record<string, Given>, RegExp][] = [
      [{ TOKEN: { secret: 't' } }, /TEAM is missing \(Team\)/],
      [{ TEAM: { text: 'red' } }, /TOKEN is missing/],
      [{ TEAM: { text: 'green' }, TOKEN: { secret: 't' } }, /TEAM: "green" is none of red, blue/],
      [{ TEAM: { text: 'red' }, TOKEN: { text: 'plain' } }, /TOKEN: this is a secret/],
      [{ TEAM: { text: 'red' }, HOST: { text: '${secret:github}' }, TOKEN: { secret: 't' } }, /HOST: write the value/],
      [{ TEAM: { text: 'red' }, COLOUR: { text: 'red' } }, /"COLOUR" is no field of it; it has HOST, TEAM/],
    ];
    for (const [values, message] of cases)
      assert.throws(() => transportDraft(wiki, logIn, given(values)), { code: 'usage', message });
  });

  test('is logged in to as its entry can, or not at all', () => {
    assert.throws(() => logInOf(entryOf({ oauth: null, account: 'keys' }), { account: 'oauth' }), /takes no OAuth/);
    assert.throws(() => logInOf(entryOf({ fields: [] }), { account: 'keys' }), /takes no keys/);
    const open = entryOf({ fields: [], oauth: null, account: null, credential: 'shared' });
    assert.throws(() => logInOf(open, { credential: 'personal' }), /needs no credential/);
    assert.deepEqual(logInOf(open, {}), { account: null, credential: 'shared' });
  });

  test('names secrets after server and field, not twice after the server', () => {
    assert.equal(secretNameFor('github', 'GITHUB_TOKEN'), 'github-token');
    assert.equal(secretNameFor('db', 'DATABASE_URI'), 'db-database-uri');
  });
});
