// What an import takes for a secret, what it only asks about, and what each is called.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { extractSecrets } from './secret-extraction.ts';

const CHANCE = 'q8Zr1LmX4vT7pKc2NdYw6HbJ';
const GITHUB = 'ghp_0123456789abcdefABCDEF0123456789abcd';

type Options = Partial<Parameters<typeof extractSecrets>[2]>;

function extract(
  env: Record<string, string>,
  { args = [], server = 's', ...options }: Options & { args?: string[]; server?: string } = {},
) {
  const transport = { kind: 'stdio' as const, command: 'npx', args, env };
  const { transport: rewritten, found } = extractSecrets(server, transport, { isTaken: () => false, ...options });
  assert.ok(rewritten.kind === 'stdio');
  return {
    env: rewritten.env,
    args: rewritten.args,
    found: found.map(({ name, kind, value }) => [name, kind, value]),
    from: found.map(({ from }) => from),
  };
}

test('a doubtful value goes to the vault, unless a person has said that it is none; then it is told all the same', () => {
  const found = [['s-workspace', 'doubtful', CHANCE]];
  const { env, ...asked } = extract({ WORKSPACE: CHANCE });
  assert.deepEqual([env, asked.found, asked.from], [{ WORKSPACE: '${secret:s-workspace}' }, found, ['env WORKSPACE']]);
  const both = { WORKSPACE: CHANCE, TEAM: CHANCE };
  const plain = new Set(['s-workspace']);
  assert.deepEqual(extract(both).env, { WORKSPACE: '${secret:s-workspace}', TEAM: '${secret:s-workspace}' });
  const said = extract(both, { plain });
  assert.deepEqual([said.env, said.found], [both, found]);
  const other = extract(both, { plain: new Set(['s-other']) });
  assert.equal(other.env['WORKSPACE'], '${secret:s-workspace}');
});

test('a doubtful value that is certainly a secret elsewhere in the entry is a secret, even if a person has said that it is none', () => {
  const plain = new Set(['s-workspace', 's-token']);
  const later = extract({ WORKSPACE: CHANCE, TOKEN: CHANCE }, { plain });
  assert.deepEqual(later.env['TOKEN'], '${secret:s-workspace}');
  assert.deepEqual(later.found, [['s-workspace', 'secret', CHANCE]]);
  const before = extract({ TOKEN: CHANCE, WORKSPACE: CHANCE }, { plain });
  assert.deepEqual(before.env, { TOKEN: '${secret:s-token}', WORKSPACE: '${secret:s-token}' });
  assert.deepEqual(before.found, [['s-token', 'secret', CHANCE]]);
});

test('each placeholder under a secret’s name becomes a secret of its own, without a value', () => {
  const { env, found } = extract({ A_TOKEN: '<your token>', B_TOKEN: '<your token>', C: '<your token>' });
  assert.deepEqual(env, { A_TOKEN: '${secret:s-a-token}', B_TOKEN: '${secret:s-b-token}', C: '<your token>' });
  assert.deepEqual(found, [
    ['s-a-token', 'placeholder', undefined],
    ['s-b-token', 'placeholder', undefined],
  ]);
  const asked = extract({ WORKSPACE: '${input:pw}', X: '${input:other}' }, { passwordInputs: new Set(['pw']) });
  assert.deepEqual(asked.env, { WORKSPACE: '${secret:s-workspace}', X: '${input:other}' });
});

test('a secret is called after its server and its spot, once, in at most 120 letters, and with a number where that is taken', () => {
  const nameOf = (server: string, key: string, taken: string[] = []) =>
    extract({ [key]: GITHUB }, { server, isTaken: (name) => taken.includes(name) }).found[0]?.[0];
  assert.equal(nameOf('github', 'TOKEN'), 'github-token');
  assert.equal(nameOf('github', 'GITHUB_TOKEN'), 'github-token');
  assert.equal(nameOf('github', 'GITHUB'), 'github');
  assert.equal(nameOf('git', 'GITHUB_TOKEN'), 'git-github-token', 'which only begins like it');
  assert.equal(nameOf('github', '_'), 'github-secret');
  assert.equal(nameOf('s', `${'K'.repeat(130)}_TOKEN`), `s-${'k'.repeat(118)}`);
  assert.equal(nameOf('s', 'TOKEN', ['s-token']), 's-token-2');
  assert.equal(nameOf('s', 'TOKEN', ['s-token', 's-token-2', 's-token-3']), 's-token-4');
  const { found } = extract({ 'A-TOKEN': 'one', 'A.TOKEN': 'two', 'A/TOKEN': 'three' });
  assert.deepEqual(
    found.map(([name]) => name),
    ['s-a-token', 's-a-token-2', 's-a-token-3'],
  );
});

test('what stands under a secret’s name is one value, whatever it holds, but for what such a name lists', () => {
  for (const value of ['a=b;c=d', 'a=b', '--x=y', 'user:pw'])
    assert.deepEqual(extract({ DB_PASSWORD: value }).env, { DB_PASSWORD: '${secret:s-db-password}' }, value);
  assert.deepEqual(extract({ CONNECTION_STRING: 'Server=db;Password=hunter2' }).env, {
    CONNECTION_STRING: 'Server=db;Password=${secret:s-password}',
  });
});

test('a text under a secret’s name in which nothing looks like one is asked about as a whole, but for an address under an address’s name', () => {
  for (const value of ['{"a":1}', 'https://mcp.example.com/x']) {
    const { env, found } = extract({ CREDENTIALS: value });
    assert.deepEqual(env, { CREDENTIALS: '${secret:s-credentials}' });
    assert.deepEqual(found, [['s-credentials', 'doubtful', value]]);
  }
  for (const [name, value] of [
    ['SENTRY_DSN', 'https://mcp.example.com/x'],
    ['CONFIG', '{"a":1}'],
    ['WORKSPACE', 'https://mcp.example.com/x'],
  ] as const)
    assert.deepEqual(extract({ [name]: value }), { env: { [name]: value }, args: [], found: [], from: [] });
  const inside = extract({ CREDENTIALS: '{"token":"opaque","a":1}' });
  assert.deepEqual(inside.env, { CREDENTIALS: '{"token":"${secret:s-token}","a":1}' });
});

test('a known token is taken out of a sentence, and the rest of it stays', () => {
  const other = `${GITHUB.slice(0, -1)}e`;
  const { env, found } = extract({ NOTE: `use ${GITHUB} or ${other}, or ask` });
  assert.deepEqual(env, { NOTE: 'use ${secret:s-note} or ${secret:s-note-2}, or ask' });
  assert.deepEqual(
    found.map(([, kind, value]) => [kind, value]),
    [
      ['secret', GITHUB],
      ['secret', other],
    ],
  );
});

test('a value that the file spells differently than mcpgate would is put back to the letter', () => {
  for (const [text, rewritten, value] of [
    ['{"token":"a\\u0062c","x":"y"}', '{"token":"${secret:s-token|as-imported}","x":"y"}', 'a\\u0062c'],
    ['https://h.example/?token=a%62c&x=1', 'https://h.example/?token=${secret:s-token|as-imported}&x=1', 'a%62c'],
    ['{"token":"a\\nc"}', '{"token":"${secret:s-token}"}', 'a\nc'],
    ['https://h.example/?token=a%20c', 'https://h.example/?token=${secret:s-token}', 'a c'],
  ] as const) {
    const { env, found } = extract({ CONFIG: text });
    assert.deepEqual([env, found], [{ CONFIG: rewritten }, [['s-token', 'secret', value]]], text);
  }
});

test('headers and the address of a server far away are read alike', () => {
  const transport = {
    kind: 'http' as const,
    url: 'https://h.example/?token=opaque',
    headers: { 'X-Note': `see ${GITHUB}`, Accept: 'text/plain' },
  };
  const { transport: rewritten, found } = extractSecrets('s', transport, { isTaken: () => false });
  assert.deepEqual(rewritten, {
    kind: 'http',
    url: 'https://h.example/?token=${secret:s-token}',
    headers: { 'X-Note': 'see ${secret:s-x-note}', Accept: 'text/plain' },
  });
  assert.deepEqual(
    found.map(({ from }) => from),
    ['header X-Note', 'URL parameter token'],
  );
});

test('a variable that an argument puts where a secret belongs is one in the environment, whichever comes first', () => {
  const args = ['--header', 'Authorization: Bearer ${TOK}'];
  const { env, args: kept } = extract({ OTHER: '${TOK}', TOK: 'opaque' }, { args });
  assert.deepEqual([env, kept], [{ OTHER: '${TOK}', TOK: '${secret:s-tok}' }, args]);
});
