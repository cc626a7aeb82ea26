import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isCurrent, isOurs } from './entry-match.ts';

const WANTED = { command: '/launcher', args: ['serve'] };
const WANTED_LIST = { command: ['/launcher', 'serve'] };

test('an entry is current where it does what is wanted, whatever else stands in it', () => {
  for (const existing of [WANTED, { ...WANTED, env: { A: 'b' }, disabled: false }])
    assert.equal(isCurrent(existing, WANTED), true);
  for (const existing of [
    { ...WANTED, command: '/old' },
    { ...WANTED, args: ['serve', '--verbose'] },
    { command: '/launcher' },
    { args: ['serve'] },
    {},
    [],
    ['serve'],
    'serve',
    null,
    undefined,
  ])
    assert.equal(isCurrent(existing, WANTED), false, JSON.stringify(existing));
});

test('an entry is ours where it starts mcpgate with serve, in either form, wherever it is', () => {
  for (const [existing, wanted] of [
    [{ command: '/old/mcpgate', args: ['serve', '--verbose'], env: {} }, WANTED],
    [{ command: ['/old/mcpgate', 'serve'] }, WANTED_LIST],
    [{ command: String.raw`C:\Users\ada\bin\mcpgate.CMD`, args: ['serve'] }, WANTED],
    [{ command: 'mcpgate', args: ['serve'] }, WANTED],
  ])
    assert.equal(isOurs(existing, wanted ?? {}), true);
});

test('an entry is the person’s own where it starts something else, connects to a URL, or is of the other form', () => {
  for (const existing of [
    { command: '/opt/mine', args: ['serve'] },
    { command: 'deno', args: ['serve', 'mcp.ts'] },
    { command: '/opt/mcpgate/other', args: ['serve'] },
    { command: 'not-mcpgate', args: ['serve'] },
    { command: 5, args: ['serve'] },
    { command: 'npx', args: ['mcp-remote', 'serve'] },
    { command: 'npx', args: [] },
    { command: 'npx', args: 'serve' },
    { command: 'npx' },
    { args: ['serve'] },
    { command: ['/launcher', 'serve'] },
    { command: 'mcpgate', args: ['run', 'serve'] },
    { command: 'mcpgate', args: [] },
    { command: ['mcpgate', 'serve'] },
    { command: 'mcpgate', args: ['serve'], url: 'https://a.example' },
    { command: 'mcpgate', args: ['serve'], serverUrl: 'https://a.example' },
    { command: 'mcpgate', args: ['serve'], httpUrl: 'https://a.example' },
    { ...WANTED, url: 'https://a.example' },
    { ...WANTED, serverUrl: 'https://a.example' },
    { ...WANTED, httpUrl: 'https://a.example' },
    [],
    'serve',
    null,
    undefined,
  ])
    assert.equal(isOurs(existing, WANTED), false, JSON.stringify(existing));
  for (const existing of [
    WANTED,
    { command: ['serve'] },
    { command: ['/opt/mine', 'serve'] },
    { command: ['npx', 'other', 'serve'] },
  ])
    assert.equal(isOurs(existing, WANTED_LIST), false, JSON.stringify(existing));
});
