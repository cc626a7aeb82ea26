import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPageOpener } from './page-opener.ts';

const BROKER = 'https://gate.example';

function world({ available = true } = {}) {
  let now = 0;
  const opened: string[] = [];
  const lines: string[] = [];
  const line = (text: string) => void lines.push(text);
  const opener = createPageOpener({
    clock: { now: () => now },
    log: { debug: line, info: line, warn: line, error: line },
    browser: () => Promise.resolve({ available, open: (url) => Promise.resolve(opened.push(url) > 0) }),
  });
  return { opener, opened, lines, later: (ms: number) => (now += ms) };
}

test('pages of the broker about accounts are opened, each once a minute', async () => {
  const { opener, opened, later } = world();
  const [jira, github] = [`${BROKER}/accounts/jira`, `${BROKER}/accounts/connect/github`];
  for (const url of [jira, jira, github, `${BROKER}/accounts`]) await opener.open(url, BROKER);
  assert.deepEqual(opened, [jira, github, `${BROKER}/accounts`]);
  later(59_999);
  await opener.open(jira, BROKER);
  assert.equal(opened.length, 3);
  later(1);
  await opener.open(jira, BROKER);
  assert.equal(opened.length, 4);
});

test('no other page is opened, whatever the broker asks for', async () => {
  const { opener, opened, lines } = world();
  const others = [
    'https://evil.example/accounts/jira',
    'http://gate.example/accounts/jira',
    'https://gate.example:8443/accounts/jira',
    'https://gate.example@evil.example/accounts/jira',
    'https://user@gate.example/accounts/jira',
    'https://gate.example/accounts/jira?next=https://evil.example',
    'https://gate.example/accounts/jira#x',
    'https://gate.example/accounts/../device',
    'https://gate.example/accounts/%2e%2e/device',
    'https://gate.example/accounts/a/b/c',
    'https://gate.example/oauth/authorize',
    'file:///etc/passwd',
    'javascript:alert(1)',
    'jira',
    '',
  ];
  for (const url of others) await opener.open(url, BROKER);
  assert.deepEqual(opened, []);
  assert.equal(lines.length, others.length);
  assert.ok(
    lines.every((line) => !line.includes('evil')),
    'nor written down',
  );
});

test('a flood of pages is bounded, and without a display nothing is started', async () => {
  const { opener, opened } = world();
  for (let count = 0; count < 100; count++) await opener.open(`${BROKER}/accounts/s${count}`, BROKER);
  assert.equal(opened.length, 10);
  const headless = world({ available: false });
  assert.equal(await headless.opener.available(), false);
  await headless.opener.open(`${BROKER}/accounts/jira`, BROKER);
  assert.deepEqual(headless.opened, []);
});
