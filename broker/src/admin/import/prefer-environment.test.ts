import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { preferEnvironment } from './prefer-environment.ts';

const npx = (args: string[], env: Record<string, string> = {}) => ({
  kind: 'stdio' as const,
  command: 'npx',
  args,
  env,
});

describe('a secret in an argument of a program that takes it in its environment', () => {
  it('becomes the variable, in both spellings of the flag, with whatever version of the program', () => {
    assert.deepEqual(
      preferEnvironment(npx(['-y', '@supabase/mcp-server-supabase@latest', '--read-only', '--access-token', 'sbp_1'])),
      {
        transport: npx(['-y', '@supabase/mcp-server-supabase@latest', '--read-only'], {
          SUPABASE_ACCESS_TOKEN: 'sbp_1',
        }),
        moved: [{ flag: '--access-token', variable: 'SUPABASE_ACCESS_TOKEN' }],
      },
    );
    const { transport } = preferEnvironment(
      npx(['figma-developer-mcp', '--figma-api-key=figd_1', '--stdio'], { A: 'b' }),
    );
    assert.deepEqual(transport, npx(['figma-developer-mcp', '--stdio'], { A: 'b', FIGMA_API_KEY: 'figd_1' }));
  });

  it('stays where the program is not known to take it, or the variable has a value already', () => {
    const others = [
      npx(['-y', 'some-mcp', '--api-key', 'x']),
      npx(['-y', '@supabase/mcp-server-supabase', '--api-key', 'x']),
      npx(['-y', './figma-developer-mcp/index.js', '--figma-api-key=x']),
      npx(['-y', '@stripe/mcp', '--api-key', 'sk_1'], { STRIPE_SECRET_KEY: 'sk_2' }),
      npx(['-y', '@stripe/mcp', '--api-key']),
      npx(['-y', '@stripe/mcp', '--api-key=']),
      { kind: 'stdio' as const, command: 'bash', args: ['-c', 'npx @stripe/mcp --api-key x'], env: {} },
      { kind: 'http' as const, url: 'https://x.example', headers: {} },
    ];
    for (const transport of others) assert.deepEqual(preferEnvironment(transport), { transport, moved: [] });
  });

  it('is known of these programs', () => {
    for (const [program, flag, variable] of [
      ['@supabase/mcp-server-supabase', '--access-token', 'SUPABASE_ACCESS_TOKEN'],
      ['figma-developer-mcp', '--figma-api-key', 'FIGMA_API_KEY'],
      ['@stripe/mcp', '--api-key', 'STRIPE_SECRET_KEY'],
      ['@upstash/context7-mcp', '--api-key', 'CONTEXT7_API_KEY'],
      ['@sentry/mcp-server', '--access-token', 'SENTRY_ACCESS_TOKEN'],
    ] as const) {
      const moved = [{ flag, variable }];
      assert.deepEqual(preferEnvironment(npx([program, flag, 'x'])), {
        transport: npx([program], { [variable]: 'x' }),
        moved,
      });
      const itself = { kind: 'stdio' as const, command: program, args: [`${flag}=x`, '-v'], env: {} };
      assert.deepEqual(preferEnvironment(itself), {
        transport: { ...itself, args: ['-v'], env: { [variable]: 'x' } },
        moved,
      });
      const other = npx([`${program}-other`, flag, 'x']);
      assert.deepEqual(preferEnvironment(other), { transport: other, moved: [] });
    }
  });

  it('is moved once, and stays where it is empty', () => {
    const twice = preferEnvironment(npx(['@stripe/mcp', '--api-key', 'a', '--api-key', 'b', '--api-keys=c']));
    assert.deepEqual(
      twice.transport,
      npx(['@stripe/mcp', '--api-key', 'b', '--api-keys=c'], { STRIPE_SECRET_KEY: 'a' }),
    );
    const empty = npx(['@stripe/mcp', '--api-key', '']);
    assert.deepEqual(preferEnvironment(empty), { transport: empty, moved: [] });
  });
});
