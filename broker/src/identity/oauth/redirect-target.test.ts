import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readRedirectTarget } from './redirect-target.ts';

test('https, the loopback and private schemes of applications may get codes', () => {
  const cases: [string, object][] = [
    [
      'https://app.example:8443/cb?x=1',
      { kind: 'web', shownAs: 'app.example:8443', policySource: 'https://app.example:8443' },
    ],
    ['http://localhost:1/cb', { kind: 'loopback', shownAs: 'localhost:1', policySource: 'http://localhost:1' }],
    ['http://[::1]:1/cb', { kind: 'loopback', shownAs: '[::1]:1', policySource: 'http:' }],
    ['cursor://anysphere.mcp/cb', { kind: 'app', shownAs: 'cursor://anysphere.mcp', policySource: 'cursor:' }],
    ['com.example.app:/cb', { kind: 'app', shownAs: 'com.example.app://', policySource: 'com.example.app:' }],
    [
      'https://bücher.example/',
      { kind: 'web', shownAs: 'xn--bcher-kva.example', policySource: 'https://xn--bcher-kva.example' },
    ],
  ];
  for (const [uri, target] of cases) assert.deepEqual(readRedirectTarget(uri), target, uri);
});

test('editors and assistants with schemes of their own may get codes, and so may a target of 512 characters', () => {
  const names =
    'vscode vscode-insiders vscodium code-oss cursor windsurf trae kiro zed jetbrains idea claude chatgpt goose raycast warp lmstudio opencode';
  for (const name of names.split(' ')) assert.equal(readRedirectTarget(`${name}://a/cb`)?.kind, 'app', name);
  assert.equal(readRedirectTarget('http://127.0.0.1:8/cb')?.kind, 'loopback');
  const base = 'https://a.example/';
  assert.equal(readRedirectTarget(base + 'x'.repeat(512 - base.length))?.kind, 'web');
  assert.equal(readRedirectTarget(base + 'x'.repeat(513 - base.length)), undefined);
});

test('plain http elsewhere, what browsers and desktops act on, passwords, fragments and what is too long may not', () => {
  const uris = [
    ...['http://app.example/cb', 'http://10.0.0.1/cb', 'http://127.0.0.1.evil.example/', 'http://127.1.evil.example/'],
    ...['javascript:alert(1)', 'data:text/html,x', 'file:///etc/passwd', 'blob:https://a.example/x', 'about:blank'],
    ...['ftp://a.example/', 'ws://a.example/', 'mailto:a@b.example', 'ms-msdt:/id', 'search-ms:query', 'unknown://x'],
    ...['https://user@a.example/', 'https://good.example@evil.example/', 'https://a.example/#x', 'https://a.example/#'],
    ...['https://:pw@a.example/', 'x:cursor://a/cb', 'cursor.:/cb'],
    ...['not a uri', '', '/cb', `https://a.example/${'x'.repeat(600)}`],
  ];
  for (const uri of uris) assert.equal(readRedirectTarget(uri), undefined, uri);
});
