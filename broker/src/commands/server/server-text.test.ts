import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Server } from 'mcpgate-shared/api/servers';
import { serverText } from './server-text.ts';

const server: Server = {
  id: '1',
  name: 'files',
  enabled: true,
  isolation: 'shared',
  credential: 'shared',
  account: null,
  probe: null,
  trust_annotations: false,
  definitions: 'warn',
  audit_arguments: 'none',
  tool_classes: { read: [], write: [] },
  transport: 'stdio',
  command: 'node',
  args: ['x.mjs'],
  env: {},
  cwd: null,
  url: null,
  headers: {},
  identity_header: null,
  secrets: [],
  state: 'ready',
  circuit: 'closed',
  retry_at: null,
  flapping: false,
  error: null,
  stderr: [],
  warnings: [],
  tools: 3,
  processes: 1,
  unisolated: false,
  process_isolation: 'sandbox',
  no_sandbox: null,
  network: null,
  limits: null,
  managed_by: null,
  limits_missing: null,
  former_names: [],
  revision: 1,
  created_at: '2026-11-29T00:00:00.000Z',
  updated_at: '2026-11-29T00:00:00.000Z',
};
const linesOf = (change: Partial<Server>) => serverText({ ...server, ...change }).split('\n');

it('what keeps a server apart is named, and why there is no more', () => {
  assert.ok(linesOf({}).includes('process    sandbox'));
  assert.ok(linesOf({}).includes('network    full'));
  const uid = linesOf({ process_isolation: 'uid', no_sandbox: 'bwrap was not found' });
  assert.ok(uid.includes('process    uid (no sandbox: bwrap was not found)'), uid.join('\n'));
  const none = linesOf({
    process_isolation: 'none',
    unisolated: true,
    no_sandbox: 'bwrap\u001b was not found',
    network: 'none',
  });
  assert.match(none[0] ?? '', /^files \(ready, unisolated\)$/);
  assert.ok(
    none.some((line) => /^process {4}none \(no sandbox: bwrap[^\u001b]* was not found\)$/.test(line)),
    none.join('\n'),
  );
  assert.ok(none.includes('network    none'));
  const far = linesOf({ transport: 'http', url: 'https://x.example', process_isolation: null });
  assert.ok(!far.some((line) => /^(?:process|network) /.test(line)));
});
