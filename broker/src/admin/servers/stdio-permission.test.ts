import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Transport } from '../../domain/transports/transports.ts';
import { assertMayRun } from './stdio-permission.ts';

const stdio = (command: string, args: string[] = [], more: object = {}): Transport => ({
  kind: 'stdio',
  command,
  args,
  env: {},
  ...more,
});
const ALLOW = [
  { command: 'npx', args: ['-y', '@acme/mcp'], env: ['ACME_TOKEN'] },
  { command: '/usr/bin/tool', args: [], env: [] },
];
const OTHERS = [
  { role: 'operator', homeWorkspaceId: 'default' },
  { role: 'admin', homeWorkspaceId: 'team-b' },
  { role: 'operator', homeWorkspaceId: 'team-b' },
] as const;

describe('a command on the broker’s host', () => {
  it('is for administrators of the first workspace, whatever it is', () => {
    assertMayRun({ role: 'admin', homeWorkspaceId: 'default' }, 'x', stdio('sh', ['-c', 'id'], { cwd: '/root' }), []);
  });

  it('is for nobody else as long as the configuration allows none; a URL is', () => {
    for (const who of OTHERS) {
      assert.throws(() => assertMayRun(who, 'x', stdio('npx'), []), {
        code: 'forbidden',
        message: /administrator of the workspace default.*stdio\.allow.*does not name npx/,
      });
      assertMayRun(who, 'x', { kind: 'http', url: 'https://x.example', headers: {} }, []);
    }
  });

  it('that the configuration allows is for others to the letter, and with nothing beside it', () => {
    const fits = [
      stdio('npx', ['-y', '@acme/mcp', '--more'], { env: { ACME_TOKEN: 'x' } }),
      stdio('/usr/bin/tool', ['a']),
    ];
    const not: [Transport, RegExp][] = [
      [stdio('npx', ['@acme/mcp', '-y']), /must begin with: -y @acme\/mcp/],
      [stdio('npx', ['-y', '@acme/mcp-evil']), /must begin with/],
      [stdio('npx', ['-y']), /must begin with/],
      [stdio('/usr/bin/npx', ['-y', '@acme/mcp']), /does not name \/usr\/bin\/npx/],
      [stdio('./tool'), /does not name/],
      [stdio('/usr/bin/../bin/tool'), /does not name/],
      [stdio('tool'), /does not name/],
      [stdio('/usr/bin/tool', [], { cwd: '/tmp' }), /working directory/],
      [stdio('/usr/bin/tool', [], { limits: { memoryBytes: null } }), /limits/],
      ...['PATH', 'LD_PRELOAD', 'NODE_OPTIONS', 'acme_token'].map((name): [Transport, RegExp] => [
        stdio('npx', ['-y', '@acme/mcp'], { env: { [name]: 'x' } }),
        new RegExp(`let others set ${name}`),
      ]),
    ];
    for (const who of OTHERS) {
      for (const transport of fits) assertMayRun(who, 'x', transport, ALLOW);
      for (const [transport, message] of not)
        assert.throws(() => assertMayRun(who, 'x', transport, ALLOW), { code: 'forbidden', message });
    }
  });

  it('keeps the network and the limits that an administrator gave it, whoever else changes it', () => {
    const run = (more: object) => stdio('/usr/bin/tool', [], more);
    const kept = { network: 'none', limits: { memoryBytes: 64, openFiles: 32 } };
    const other: [object, RegExp][] = [
      [{ limits: kept.limits }, /gave it no network/],
      [{ ...kept, network: 'full' }, /gave it no network/],
      [{ network: 'none' }, /limits/],
      [{ ...kept, limits: { memoryBytes: 64 } }, /limits/],
      [{ ...kept, limits: { ...kept.limits, memoryBytes: null } }, /limits/],
      [{ ...kept, limits: { ...kept.limits, openFiles: 64 } }, /limits/],
    ];
    for (const who of OTHERS) {
      assertMayRun(who, 'x', run({ limits: { openFiles: 32, memoryBytes: 64 }, network: 'none' }), ALLOW, run(kept));
      assertMayRun(who, 'x', run({ network: 'none' }), ALLOW, run({}));
      for (const [more, message] of other)
        assert.throws(() => assertMayRun(who, 'x', run(more), ALLOW, run(kept)), { code: 'forbidden', message });
    }
    assertMayRun({ role: 'admin', homeWorkspaceId: 'default' }, 'x', run({}), [], run(kept));
  });
});
