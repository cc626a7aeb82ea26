import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Chalk } from 'chalk';
import { textWidth } from 'mcpgate-shared/text-width';
import { renderStatus } from './render-status.ts';
import type { Status } from './status-document.ts';

const colour = new Chalk({ level: 0 });
const NOW = Date.parse('2026-11-30T00:00:00Z');
const FAULT =
  '/home/ada.lovelace/.config/Code/User/mcp.json is not valid JSON at line 12, column 3 (a comma is missing): correct it, then run `mcpgate install-clients vscode`';

const STATUS: Status = {
  user: 'ada',
  broker: 'https://mcp.example.com',
  workspace: 'default',
  daemon: {
    running: true,
    version: '0.1.0',
    pid: 12,
    started_at: '2026-11-29T00:00:00Z',
    clients: 2,
    channels: 2,
    bytes_to_broker: 0,
    bytes_to_clients: 0,
  },
  tunnel: {
    state: 'waiting',
    since: null,
    latency_ms: null,
    message:
      'cannot reach https://mcp.example.com: the name is not known; check the network, the VPN or the proxy, it tries again',
    login: null,
  },
  servers: [
    { name: 'github', state: 'ready', tools: 26, message: null, warnings: 2 },
    {
      name: 'a-server-with-quite-a-long-name-of-its-own',
      state: 'failed',
      tools: 0,
      message: '日本 '.repeat(60),
      warnings: 0,
    },
  ],
  accounts: [
    {
      server: 'jira',
      kind: 'keys',
      state: 'connected',
      url: 'https://mcp.example.com/accounts/jira',
      connected_at: null,
      scopes: [],
    },
    {
      server: 'github',
      kind: 'oauth',
      state: 'missing',
      url: 'https://mcp.example.com/accounts/github',
      connected_at: null,
      scopes: [],
    },
  ],
  clients: [
    { name: 'vscode', title: 'VS Code', path: '/x', found: true, configured: false, error: FAULT, tokens: [] },
    { name: 'cursor', title: 'Cursor', path: '/y', found: true, configured: false, error: null, tokens: [] },
  ],
  token: { kind: 'device', store: 'keychain', path: null },
  profile: 'default',
};

test('an account that is not connected says how it is', () => {
  const lines = renderStatus(STATUS, { colour, columns: undefined }, NOW);
  const at = lines.indexOf('Your accounts');
  assert.deepEqual(lines.slice(at + 1, at + 3), [
    '✓ jira    connected',
    '! github  not connected; run `mcpgate connect github`',
  ]);
});

test('a pipe gets every line whole', () => {
  const text = renderStatus(STATUS, { colour, columns: undefined }, NOW);
  assert.ok(text.includes(`✗ VS Code  ${FAULT}`), text.join('\n'));
  assert.ok(
    text.some((line) => line.startsWith('! a-server-with-quite-a-long-name-of-its-own  0 tools  failed  日本')),
  );
  assert.doesNotMatch(text.join('\n'), /…/);
});

test('on a terminal no line is wider than it is: what others say is cut, what to do goes on below', () => {
  const lines = renderStatus(STATUS, { colour, columns: 80 }, NOW);
  for (const line of lines) assert.ok(textWidth(line) <= 80, line);
  assert.ok(
    lines.some((line) => /^! a-server-with-quite-a-long-name…? {1,2}0 tools {2}failed {2}日本.*…$/.test(line)),
    lines.join('\n'),
  );
  const said = lines.join(' ').replaceAll(/ +/g, ' ');
  assert.ok(said.includes(FAULT), said);
  assert.ok(said.includes('check the network, the VPN or the proxy, it tries again'), said);
  assert.ok(
    lines.some((line) => line.startsWith('           ')),
    'it goes on below its own beginning',
  );
});
