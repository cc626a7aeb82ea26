import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Spot, SpotKind } from '../values/spot.ts';
import { classifyValue, type Surroundings, type ValueClass } from './classify-value.ts';

const SURROUNDINGS: Surroundings = { own: new Set(['OWN']), passwordInputs: new Set(['pw']), carriers: new Set() };
const classOf = (text: string, spot: Partial<Spot>) =>
  classifyValue(text, { kind: 'env', name: '', label: '', ...spot }, SURROUNDINGS);

/** Of each sort of value one. */
const VALUES = {
  blank: ' ',
  switch: 'true',
  token: 'ghp_0123456789abcdefABCDEF',
  chance: 'q8Zr1LmX4vT7pKc2NdYw6HbJ',
  uuid: '0b8f6a52-6a3e-4a55-9a55-0f4b3c1d2e3f',
  odd: 'q7Jx2pLw',
  word: 'word',
  words: 'two words',
  mixed: 'a1b2',
  method: 'oauth2',
  file: '/a/b.pem',
  path: '/x',
  number: '4000',
  short: '123',
  vault: '${secret:a}',
  own: '${OWN}',
  other: '${OTHER}',
  asked: '${input:pw}',
  input: '${input:x}',
  outer: '${file:x}',
  default: '${X:-q7Jx2pLw}',
  filled: '<your token>',
  below: '${HOME}/x',
};
const CLASSES: Readonly<Record<string, ValueClass>> = {
  S: 'secret',
  D: 'doubtful',
  r: 'reference',
  h: 'placeholder',
  '.': 'plain',
};
/** What stands under this name, in these spots: a letter for each of the values. */
const TABLE: readonly [name: string, spots: string, classes: string][] = [
  ['TOKEN', 'env header argument json pair url-query url-password scheme', '..SSSSSSSS.SSSrrhhhhSh.'],
  ['TOKEN', 'url-user', '..SSSD........rrhhhhDh.'],
  ['TOKEN', 'url-path', '..SSDD........rrhhhh.h.'],
  ['PASS', 'env header argument json pair url-query url-password scheme', '..SSSSSSSSSSSSrrhhhhSh.'],
  ['PASS', 'url-user', '..SSSD........rrhhhhDh.'],
  ['PASS', 'url-path', '..SSDD........rrhhhh.h.'],
  ['AUTH', 'env argument json pair', '..SSDD..D.....rrhhh.D..'],
  ['AUTH', 'header', '..SSDDD.D.....rrhhh.D..'],
  ['AUTH', 'url-query', '..SSSS.SSSSS..rrhhh.S..'],
  ['AUTH', 'url-user', '..SSSD........rrhhh.D..'],
  ['AUTH', 'url-password scheme', '..SSSSSSSS.SSSrrhhhhSh.'],
  ['AUTH', 'url-path', '..SSDD........rrhhh....'],
  ['PIN', 'env argument json pair', '..SSDD..D...S.rrhhh.D..'],
  ['PIN', 'header', '..SSDDD.D...S.rrhhh.D..'],
  ['PIN', 'url-query', '..SSSS.SSSSSS.rrhhh.S..'],
  ['PIN', 'url-user', '..SSSD........rrhhh.D..'],
  ['PIN', 'url-password scheme', '..SSSSSSSSSSSSrrhhhhSh.'],
  ['PIN', 'url-path', '..SSDD........rrhhh....'],
  ['WORKSPACE', 'env argument json pair', '..SD.D........rr.h..D..'],
  ['WORKSPACE', 'header url-query', '..SDDD........rr.h..D..'],
  ['WORKSPACE', 'url-user', '..SSSD........rr.h..D..'],
  ['WORKSPACE', 'url-password scheme', '..SSSSSSSS.SSSrrhhhhSh.'],
  ['WORKSPACE', 'url-path', '..SSDD........rr.h.....'],
  ['REGION', 'env header argument json pair url-query', '..S...........rr.h.....'],
  ['REGION', 'url-user', '..SSSD........rr.h..D..'],
  ['REGION', 'url-password scheme', '..SSSSSSSS.SSSrrhhhhSh.'],
  ['REGION', 'url-path', '..SSDD........rr.h.....'],
  ['COMMIT_ID', 'env header argument json pair url-query', '..S...........rr.h.....'],
  ['COMMIT_ID', 'url-user', '..SSSD........rr.h..D..'],
  ['COMMIT_ID', 'url-password scheme', '..SSSSSSSS.SSSrrhhhhSh.'],
  ['COMMIT_ID', 'url-path', '..SSDD........rr.h.....'],
  ['', 'env json pair', '..SD.D........rr.h..D..'],
  ['', 'header url-query', '..SDDD........rr.h..D..'],
  ['', 'argument', '..SD..........rr.h.....'],
  ['', 'url-user', '..SSSD........rr.h..D..'],
  ['', 'url-password scheme', '..SSSSSSSS.SSSrrhhhhSh.'],
  ['', 'url-path', '..SSDD........rr.h.....'],
];

for (const [name, spots, classes] of TABLE) {
  test(`what stands under “${name}” in ${spots.replaceAll(' ', ', ')} is classified by what it looks like`, () => {
    for (const kind of spots.split(' ') as SpotKind[])
      for (const [index, [sort, text]] of Object.entries(VALUES).entries())
        assert.equal(classOf(text, { kind, name }), CLASSES[classes.charAt(index)], `${kind}: ${sort}`);
  });
}

test('a piece of a path is a secret where nothing else can be there, and on hosts of code only looks like one', () => {
  const at = (text: string, host?: string) => classOf(text, { kind: 'url-path', ...(host !== undefined && { host }) });
  const commit = '3f9a1c7e5b2d4f6a8c0e1b3d5f7a9c1e3b5d7f90';
  assert.equal(at(VALUES.chance), 'secret');
  assert.equal(at(VALUES.chance, 'mcp.example.com'), 'secret');
  for (const host of ['github.com', 'raw.github.com', 'ghcr.io', 'gitlab.example.com']) {
    assert.equal(at(VALUES.chance, host), 'doubtful', host);
    for (const text of [commit, `${VALUES.chance}.git`, `${VALUES.chance}@3f9a1c7`])
      assert.equal(at(text, host), 'plain');
  }
  assert.equal(at(commit), 'secret');
  assert.equal(at(VALUES.chance, 'notgithub.example.com'), 'secret');
  for (const text of ['abandoned-creamy-horse-Y39-hm', 'one_two_three_x9y']) assert.equal(at(text), 'doubtful', text);
  for (const text of ['one-two-x9y', 'one-two-three-v2', 'one-two-three-four', 'api-v1-of-2026'])
    assert.equal(at(text), 'plain', text);
});

test('of a member whose name says nothing it is the outer name that says what it holds', () => {
  const under = (within: string, text = 'word', name = 'acme') => classOf(text, { kind: 'json', name, within });
  for (const within of ['tokens', 'api_keys', 'passwords', 'secrets']) assert.equal(under(within), 'secret', within);
  assert.equal(under('auth', VALUES.uuid), 'doubtful');
  assert.equal(under('token', VALUES.uuid), 'doubtful', 'one of them need not be it');
  assert.equal(under('servers', VALUES.uuid), 'plain');
  assert.equal(under('tokens', '4000'), 'plain', 'a number says nothing');
  assert.equal(under('tokens', 'word', 'region'), 'plain', 'where its own name says something, that is it');
});

test('a bare argument is a name of a package, and one behind a flag may be more', () => {
  const argument = (text: string, name: string) => classOf(text, { kind: 'argument', name });
  for (const name of ['', '--from', '-y', '--version', '--image'])
    assert.equal(argument(VALUES.odd, name), 'plain', name);
  assert.equal(argument(VALUES.odd, '--workspace'), 'doubtful');
  assert.equal(argument('server@3f9a1c7e5b2d4f6a', '--with'), 'plain', 'pinned to a commit');
  assert.equal(argument(`${VALUES.chance}.js`, ''), 'plain');
});

test('a number is a secret under PIN from four digits on, and words of methods are none under AUTH', () => {
  assert.deepEqual(
    ['123', '1234', ' 1234 '].map((text) => classOf(text, { name: 'PIN' })),
    ['plain', 'secret', 'secret'],
  );
  assert.equal(classOf('1234', { name: 'AUTH' }), 'plain');
  for (const text of ['bearer', 'OAuth2', 'hs256', 'api-key', 'sha1'])
    assert.equal(classOf(text, { kind: 'header', name: 'AUTH' }), 'plain', text);
});

test('under a secret’s name a file is a file, unless it is the name of a password', () => {
  for (const text of ['/a/b.pem', '~/key', './key', 'C:\\keys\\a', '../x/y']) {
    assert.equal(classOf(text, { name: 'TOKEN' }), 'plain', text);
    assert.equal(classOf(text, { name: 'DB_PASS' }), 'secret', text);
  }
  assert.equal(classOf('/x', { name: 'TOKEN' }), 'secret', 'no folder and no ending');
});
