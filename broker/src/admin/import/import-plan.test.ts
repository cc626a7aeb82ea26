// Entries as the guides of the programs have them, as an import would register them.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ProcessIsolation } from 'mcpgate-shared/api/servers';
import type { ServerRecord } from '../../domain/server-record.ts';
import { planImport } from './import-plan.ts';

const ENTRIES = {
  supabase: {
    command: 'npx',
    args: [
      '-y',
      '@supabase/mcp-server-supabase@latest',
      '--read-only',
      '--access-token',
      'sbp_0123456789abcdef0123456789abcdef',
    ],
  },
  framelink: {
    command: 'cmd',
    args: ['/c', 'npx', '-y', 'figma-developer-mcp', '--figma-api-key=figd_9fK2LmX4vT7pKc2N', '--stdio'],
  },
  stripe: { command: 'npx', args: ['-y', '@stripe/mcp', '--tools=all', '--api-key=sk_test_9fK2LmX4vT7pKc2N'] },
  other: { command: 'npx', args: ['-y', 'other-mcp', '--api-key', 'opaque-9fK2LmX4vT7p'] },
};

function plan(
  isolation: ProcessIsolation,
  existing: readonly ServerRecord[] = [],
  inVault: ReadonlySet<string> = new Set(),
) {
  const request = { mcpServers: ENTRIES, isolation: {}, trust_annotations: [], inputs: [], plain: [] };
  return planImport(request, existing, isolation, inVault);
}

const stdioOf = ({ servers }: ReturnType<typeof plan>, name: string) => {
  const transport = servers.find(({ draft }) => draft.name === name)?.draft.transport;
  assert.equal(transport?.kind, 'stdio');
  return transport?.kind === 'stdio' ? { args: transport.args, env: transport.env } : undefined;
};

const imported = (mcpServers: Record<string, unknown>) =>
  planImport({ mcpServers, isolation: {}, trust_annotations: [], inputs: [], plain: [] }, [], 'sandbox', new Set());

describe('an import of names and switches as people write them', () => {
  it('makes readable names of other letters, and says them', () => {
    const names = {
      München: 'munchen',
      'Straße Süd': 'strasse-sud',
      Źródło: 'zrodlo',
      Ærø: 'aero',
      'naïve café': 'naive-cafe',
      ＭＣＰ: 'mcp',
      日本: 'server',
    };
    const { renamed } = imported(Object.fromEntries(Object.keys(names).map((name) => [name, { command: name }])));
    assert.deepEqual(Object.fromEntries(renamed.map(({ from, to }) => [from, to])), names);
  });

  it('takes a secret for one whose name has other letters', () => {
    for (const name of ['CONTRASEÑA', 'ＡＰＩ＿ＫＥＹ', 'SCHLÜSSEL', 'KENNWORT', 'DB_PASSWORT']) {
      const { servers } = imported({ x: { command: 'npx', args: ['x'], env: { [name]: 'gorilla-9fK2' } } });
      assert.equal(servers[0]?.found[0]?.value, 'gorilla-9fK2', name);
    }
  });

  it('registers what is switched off as disabled, and says so', () => {
    for (const off of [
      { disabled: true },
      { disabled: 'true' },
      { disabled: 1 },
      { enabled: false },
      { enabled: 'false' },
    ]) {
      const { servers, warnings } = imported({ wiki: { command: 'wiki-mcp', ...off } });
      assert.equal(servers[0]?.draft.enabled, false, JSON.stringify(off));
      assert.match(warnings.join(), /wiki: is disabled in the file, and here too; `server enable wiki` offers it/);
    }
    for (const on of [
      { disabled: false },
      { disabled: null },
      { disabled: '' },
      { enabled: true },
      { enabled: 'yes' },
      {},
    ]) {
      const { servers, warnings } = imported({ wiki: { command: 'wiki-mcp', ...on } });
      assert.deepEqual([servers[0]?.draft.enabled, warnings], [true, []], JSON.stringify(on));
    }
  });
});

describe('an import of programs that take a secret in their environment too', () => {
  for (const isolation of ['uid', 'none'] as const)
    it(`moves it there where arguments can be read by others (${isolation}), and says what stays an argument`, () => {
      const planned = plan(isolation);
      assert.deepEqual(stdioOf(planned, 'supabase'), {
        args: ['-y', '@supabase/mcp-server-supabase@latest', '--read-only'],
        env: { SUPABASE_ACCESS_TOKEN: '${secret:supabase-access-token}' },
      });
      assert.deepEqual(stdioOf(planned, 'framelink'), {
        args: ['/c', 'npx', '-y', 'figma-developer-mcp', '--stdio'],
        env: { FIGMA_API_KEY: '${secret:framelink-figma-api-key}' },
      });
      assert.deepEqual(stdioOf(planned, 'stripe'), {
        args: ['-y', '@stripe/mcp', '--tools=all'],
        env: { STRIPE_SECRET_KEY: '${secret:stripe-secret-key}' },
      });
      assert.deepEqual(stdioOf(planned, 'other')?.args, ['-y', 'other-mcp', '--api-key', '${secret:other-api-key}']);
      assert.deepEqual(
        planned.warnings.map((line) => line.slice(0, 40)),
        [
          'supabase: --access-token is given as SUP',
          'framelink: --figma-api-key is given as F',
          'stripe: --api-key is given as STRIPE_SEC',
          'other: argument --api-key (other-api-key',
        ],
      );
    });

  it('leaves it where it was written in a sandbox, where nobody reads arguments', () => {
    const planned = plan('sandbox');
    assert.deepEqual(stdioOf(planned, 'supabase'), {
      args: [
        '-y',
        '@supabase/mcp-server-supabase@latest',
        '--read-only',
        '--access-token',
        '${secret:supabase-access-token}',
      ],
      env: {},
    });
    assert.deepEqual(planned.warnings, []);
  });

  it('knows what was imported so before', () => {
    const existing = plan('uid').servers.map(({ draft, isolation, trustAnnotations }): ServerRecord => ({
      id: draft.name,
      workspaceId: 'default',
      name: draft.name,
      formerNames: [],
      folder: draft.name,
      enabled: true,
      transport: draft.transport,
      isolation,
      credential: 'shared',
      account: null,
      probe: null,
      definitions: 'warn',
      auditArguments: 'none',
      trustAnnotations,
      toolClasses: { read: [], write: [] },
      revision: 1,
      createdAt: 0,
      updatedAt: 0,
    }));
    assert.throws(
      () => plan('uid', existing),
      /supabase: is registered already as supabase[^]*stripe: is registered already/,
    );
  });

  it('makes up names that the vault does not have, whoever uses those', () => {
    const planned = plan('uid', [], new Set(['stripe-secret-key', 'other-api-key']));
    assert.deepEqual(stdioOf(planned, 'stripe')?.env, { STRIPE_SECRET_KEY: '${secret:stripe-secret-key-2}' });
    assert.deepEqual(stdioOf(planned, 'other')?.args.at(-1), '${secret:other-api-key-2}');
    assert.deepEqual(stdioOf(planned, 'supabase')?.env, { SUPABASE_ACCESS_TOKEN: '${secret:supabase-access-token}' });
  });
});
