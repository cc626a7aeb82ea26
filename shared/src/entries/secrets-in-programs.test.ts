import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fillTransport } from '../values/fill-values.ts';
import { extractSecrets } from './secret-extraction.ts';

const free = { isTaken: () => false };

describe('a secret in a program’s text', () => {
  const cases: [program: string, flag: string, code: string, record: string, values: string[]][] = [
    [
      'node',
      '-e',
      `fetch('https://x.example/a',{headers:{Authorization:'Bearer opaque-9fK2LmX4vT7pKc2N'}})`,
      `fetch('https://x.example/a',{headers:{Authorization:'Bearer \${secret:s-authorization}'}})`,
      ['opaque-9fK2LmX4vT7pKc2N'],
    ],
    [
      'node',
      '-e',
      `process.env.API_KEY='sk-proj-0123456789abcdef';require('./s.js')`,
      `process.env.API_KEY='\${secret:s-api-key}';require('./s.js')`,
      ['sk-proj-0123456789abcdef'],
    ],
    [
      'node',
      '-e',
      `start({ password: 'n&w#k y', user: 'bob' })`,
      `start({ password: '\${secret:s-password|as-imported}', user: 'bob' })`,
      ['n&w#k y'],
    ],
    [
      'bun',
      '-e',
      'const t=`Zq8Lr1mX4vT7pKc2NdYw6HbJ`;start(t)',
      'const t=`${secret:s-t}`;start(t)',
      ['Zq8Lr1mX4vT7pKc2NdYw6HbJ'],
    ],
    [
      'deno',
      'eval',
      'go(`Bearer ${t}`, {Authorization: "Bearer " + t}, `https://h.example/${x}?key=opaque-1`)',
      'go(`Bearer ${t}`, {Authorization: "Bearer " + t}, `https://h.example/${x}?key=${secret:s-key}`)',
      ['opaque-1'],
    ],
    [
      'python3',
      '-c',
      'import os; os.environ["API_KEY"]="hunter2hunter2"; run("--token", "abc-def", f"Bearer {tok}")',
      'import os; os.environ["API_KEY"]="${secret:s-api-key}"; run("--token", "${secret:s-token}", f"Bearer {tok}")',
      ['hunter2hunter2', 'abc-def'],
    ],
    [
      'python3',
      '-c',
      'pin = 123456 # don\'t tell\nstart("x", timeout=5000)',
      'pin = ${secret:s-pin} # don\'t tell\nstart("x", timeout=5000)',
      ['123456'],
    ],
    ['perl', '-e', '$ENV{API_KEY}="hunter2";exec("x")', '$ENV{API_KEY}="${secret:s-api-key}";exec("x")', ['hunter2']],
    [
      'php',
      '-r',
      `putenv("API_KEY=hunter2"); $token = 'abc$def'; run();`,
      `putenv("API_KEY=\${secret:s-api-key|as-imported}"); $token = '\${secret:s-token|as-imported}'; run();`,
      ['hunter2', 'abc$def'],
    ],
    [
      'sh',
      '-c',
      `node -e 'start({token:"Zq8Lr1mX4vT7pKc2NdYw6HbJ"})'`,
      `node -e 'start({token:"\${secret:s-token}"})'`,
      ['Zq8Lr1mX4vT7pKc2NdYw6HbJ'],
    ],
    [
      'node',
      '-e',
      '/* ghp_0123456789abcdefABCDEF0123456789abcd */ start(/a"b/)',
      '/* ${secret:s-e} */ start(/a"b/)',
      ['ghp_0123456789abcdefABCDEF0123456789abcd'],
    ],
    [
      'node',
      '-e',
      `const f = (a, b) => a.map((x) => x * 2).filter(Boolean && b.q7Jx2pLw3Rt9ZkQm); f("a")`,
      `const f = (a, b) => a.map((x) => x * 2).filter(Boolean && b.q7Jx2pLw3Rt9ZkQm); f("a")`,
      [],
    ],
  ];
  for (const [program, flag, code, record, values] of cases) {
    test(`is what stands in a string, and nothing of the program around it: ${code}`, () => {
      const transport = { kind: 'stdio' as const, command: program, args: [flag, code], env: {} };
      const { transport: rewritten, found } = extractSecrets('s', transport, free);
      assert.deepEqual(rewritten, { ...transport, args: [flag, record] });
      assert.deepEqual(
        found.map(({ value }) => value),
        values,
      );
      const restored = fillTransport(rewritten, (name) => {
        const value = found.find((secret) => secret.name === name)?.value;
        return value === undefined ? undefined : { value, imported: true };
      });
      assert.deepEqual(restored, transport);
    });
  }

  test('is found in the text of a flag with “=”, too', () => {
    const { transport } = extractSecrets(
      's',
      { kind: 'stdio', command: 'node', args: ['--eval=start({token:"hunter2"})'], env: {} },
      free,
    );
    assert.deepEqual(Object(transport)['args'], ['--eval=start({token:"${secret:s-token}"})']);
  });
});
