import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { CatalogueEntry } from 'mcpgate-shared/api/catalogue';
import { ServerNameSchema } from 'mcpgate-shared/api/fields';
import { extractSecrets } from 'mcpgate-shared/entries/secret-extraction';
import { fieldsOfPeople, fieldsToGive, fieldsIn, logInOf, secretNameFor, transportDraft } from './record-draft.ts';
import { searchedFor, shippedCatalogue } from './shipped-catalogue.ts';

/** Every text of the record that an entry becomes. */
const textsOf = ({ transport }: CatalogueEntry): string[] =>
  transport.kind === 'http'
    ? [transport.url, ...Object.values(transport.headers)]
    : [...transport.args, ...Object.values(transport.env)];

/** What an administrator might give for each field that is asked for. */
const givenFor = (entry: CatalogueEntry, logIn: ReturnType<typeof logInOf>) =>
  new Map(
    fieldsToGive(entry, logIn).map((field) => [
      field.name,
      field.secret
        ? { secret: secretNameFor(entry.name, field.name) }
        : {
            text:
              field.choices[0] ?? (field.name.endsWith('URL') ? 'https://service.example.com' : 'service.example.com'),
          },
    ]),
  );

describe('the shipped catalogue', () => {
  const all = shippedCatalogue();

  test('has at least thirty servers, each under a name of its own that a server can have', () => {
    assert.ok(all.length >= 30, `${all.length} entries`);
    assert.equal(new Set(all.map(({ name }) => name)).size, all.length);
    for (const { name } of all) assert.ok(ServerNameSchema.safeParse(name).success, name);
    assert.ok(all.filter(({ verified }) => verified).length >= 30);
  });

  for (const entry of all)
    test(`${entry.name}: pinned version, encrypted address, fields that are used, a record that can be added`, () => {
      const { transport, fields, version, docs } = entry;
      if (transport.kind === 'stdio') {
        assert.match(version ?? '', /^\d+(\.\d+)+$/);
        const pinned = transport.args.filter((arg) => arg.endsWith(`@${version}`));
        assert.equal(pinned.length, 1, 'exactly one argument has the version');
        assert.ok(['npx', 'uvx'].includes(transport.command));
        assert.equal(entry.oauth, null, 'a process takes no OAuth');
      } else {
        assert.match(transport.url, /^(?:https:\/\/|\$\{field:[A-Z_]*URL\})/);
        assert.equal(version, null);
      }
      for (const url of [docs, ...fields.map(({ url: page }) => page)])
        if (url !== null) assert.match(url, /^https:\/\/[^/\s]+/);
      const used = new Set(textsOf(entry).flatMap(fieldsIn));
      assert.deepEqual([...used].toSorted(), fields.map(({ name }) => name).toSorted(), 'fields are declared and used');
      for (const field of fields) {
        if (field.secret) assert.equal(field.of, 'account', 'what is secret is of an account');
        if (field.secret && field.required) assert.ok(field.help ?? field.url, `${field.name} says where it is made`);
      }
      assert.equal(entry.account === 'keys', entry.account !== 'oauth' && fields.some(({ of }) => of === 'account'));
      const wanted = [
        { account: entry.account, credential: entry.credential },
        ...(entry.oauth === null ? [] : [{ account: 'oauth' as const, credential: 'shared' as const }]),
        ...(fields.some(({ of }) => of === 'account')
          ? [{ account: 'keys' as const, credential: 'shared' as const }]
          : []),
        ...(fields.some(({ of }) => of === 'account')
          ? [{ account: 'keys' as const, credential: 'personal' as const }]
          : []),
      ];
      for (const each of wanted) {
        const logIn = logInOf(entry, each);
        const draft = transportDraft(entry, logIn, givenFor(entry, logIn));
        if (draft.kind === 'http') assert.equal(new URL(draft.url).protocol, 'https:');
        const { found } = extractSecrets(entry.name, draft, { isTaken: () => false });
        assert.deepEqual(found, [], 'nothing in it looks like a secret');
        const texts =
          draft.kind === 'http' ? Object.values(draft.headers) : [...draft.args, ...Object.values(draft.env)];
        for (const { name } of fieldsOfPeople(entry, logIn))
          assert.ok(
            texts.some((text) => text.includes(`\${account:${name}}`)),
            `${name} of each person`,
          );
        if (logIn.account === 'oauth')
          assert.ok(
            draft.kind === 'http' && draft.headers['Authorization'] === undefined,
            'OAuth’s header is mcpgate’s',
          );
      }
    });

  test('says how a server gets at files of the host, and where it may write; memory has a file in its own home', () => {
    const onHost = all.filter(({ fields }) => fields.some(({ label }) => label.includes('broker’s host')));
    assert.deepEqual(
      onHost.map(({ name }) => name),
      ['filesystem', 'git', 'kubernetes'],
    );
    for (const { name, fields } of onHost)
      assert.ok(
        fields.some(({ help }) => help?.includes('stdio.readable') === true),
        name,
      );
    for (const name of ['git', 'filesystem'])
      assert.match(onHost.find((each) => each.name === name)?.note ?? '', /EROFS.*stdio\.writable/);
    const memory = all.find(({ name }) => name === 'memory');
    assert.ok(memory);
    const draft = transportDraft(memory, logInOf(memory, {}), new Map());
    assert.deepEqual(draft.kind === 'stdio' && draft.env, { MEMORY_FILE_PATH: '${home}/memory.jsonl' });
    assert.match(memory.note ?? '', /everybody who may use the server reads and changes/);
  });

  test('is searched in names, titles, descriptions and makers', () => {
    assert.deepEqual(
      searchedFor('ATLASSIAN').map(({ name }) => name),
      ['atlassian', 'confluence', 'jira'],
    );
    assert.deepEqual(searchedFor('no such thing'), []);
    assert.equal(searchedFor('').length, all.length);
  });
});
