// Who may import whom, and a few more habits that a tool can check: a table of rules, each with its reason.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { layerViolation, partOf } from './layers.ts';
import { readSourceFiles, importsOf, type SourceFile } from './source-files.ts';

interface ImportRule {
  rule: string;
  because: string;
  /** Which files it is about; tests beside the code may build what they test from real parts, so most rules leave them out. */
  from: (file: SourceFile) => boolean;
  forbids: (imported: string, file: SourceFile) => boolean;
}

const within =
  (...folders: string[]) =>
  (file: SourceFile) =>
    !file.isTest && folders.some((folder) => file.path.startsWith(folder));
const product = (file: SourceFile) => !file.isTest;
const anyOf =
  (...names: string[]) =>
  (imported: string) =>
    names.includes(imported);

const RULES: readonly ImportRule[] = [
  {
    rule: 'cli does not import broker',
    because: 'a laptop installs only the small package, and nothing of the broker may leak into it',
    from: (file) => file.path.startsWith('cli/'),
    forbids: (imported) => imported.startsWith('broker/') || imported === 'mcpgate-broker',
  },
  {
    rule: 'broker does not import cli',
    because: 'the two ends meet only in what shared defines; otherwise their versions could not differ',
    from: (file) => file.path.startsWith('broker/'),
    forbids: (imported) => imported.startsWith('cli/') || imported === 'mcpgate',
  },
  {
    rule: 'shared imports neither end',
    because: 'it is bundled into both',
    from: (file) => file.path.startsWith('shared/'),
    forbids: (imported) => imported.startsWith('cli/') || imported.startsWith('broker/'),
  },
  {
    rule: 'the dashboard imports of us only what shared says of the API',
    because: 'it runs in browsers: what it knows of the broker is what every other client of the API knows',
    from: (file) => file.path.startsWith('broker/dashboard/'),
    forbids: (imported) =>
      /^(?:broker|cli|test|shared)\//.test(imported) &&
      !imported.startsWith('broker/dashboard/') &&
      !imported.startsWith('shared/src/api/'),
  },
  {
    rule: 'nothing imports the dashboard',
    because: 'the broker serves its built files and knows no more of it',
    from: (file) => !file.path.startsWith('broker/dashboard/'),
    forbids: (imported) => imported.startsWith('broker/dashboard/') || imported === 'mcpgate-dashboard',
  },
  {
    rule: 'only the dashboard imports what draws it',
    because: 'these are build-time packages: no installed package has them',
    from: (file) => product(file) && !file.path.startsWith('broker/dashboard/'),
    forbids: (imported) => /^(?:react|react-dom|vite|@mantine\/|@tanstack\/|@tabler\/|@codemirror\/)/.test(imported),
  },
  {
    rule: 'the product does not import test',
    because: 'what tests need must not be shipped',
    from: product,
    forbids: (imported) => imported.startsWith('test/'),
  },
  {
    rule: 'policy is pure',
    because: 'a decision is a function of its question and the rules: it can be replayed over past calls',
    from: within('broker/src/policy/'),
    forbids: (imported) => imported.startsWith('node:') || anyOf('pino', 'undici', 'ws', 'kysely')(imported),
  },
  {
    rule: 'only store knows SQL',
    because: 'two engines behind one interface, tested by one suite',
    from: (file) => product(file) && !file.path.startsWith('broker/src/store/'),
    forbids: anyOf('kysely', 'pg', 'node:sqlite'),
  },
  {
    rule: 'wires read no messages',
    because:
      'what a server says is read in its session alone; only lost-session.ts tells by a code that the HTTP session is gone',
    from: (file) => within('broker/src/upstreams/wires/')(file) && !file.path.endsWith('/wires/http/lost-session.ts'),
    forbids: (imported) =>
      imported.startsWith('broker/src/upstreams/session/') || /^shared\/src\/mcp\/(?:rpc-|cut-message)/.test(imported),
  },
  {
    rule: 'only the tunnel and the daemon import ws',
    because: 'there is one WebSocket, and one place at each end that knows it',
    from: (file) => product(file) && !/^(broker\/src\/tunnel|cli\/src\/daemon)\//.test(file.path),
    forbids: anyOf('ws'),
  },
  {
    rule: 'only the command line imports commander',
    because: 'serve and the daemon start without a CLI framework',
    from: (file) =>
      product(file) && !/^(cli\/src\/(main\.ts|commands\/)|broker\/src\/(main\.ts|commands\/))/.test(file.path),
    forbids: anyOf('commander'),
  },
  {
    rule: 'only credentials import keytar',
    because: 'a keychain call that hangs must hang a child process that can be killed',
    from: (file) => product(file) && !file.path.startsWith('cli/src/credentials/'),
    forbids: anyOf('@github/keytar'),
  },
  {
    rule: 'only clients know other programs’ files',
    because: 'their editors are in one place, tested for keeping what they do not own',
    from: (file) => product(file) && file.path.startsWith('cli/') && !file.path.startsWith('cli/src/clients/'),
    forbids: anyOf('jsonc-parser', 'smol-toml'),
  },
  {
    rule: 'the product runs without the MCP SDK',
    because: 'the hot path relays JSON as it came; the SDK is what the interoperability tests speak (docs/decisions)',
    from: product,
    forbids: (imported) => imported.startsWith('@modelcontextprotocol/'),
  },
];

const files = readSourceFiles();

test('the import scanner sees static, type, side-effect, re-exporting and dynamic imports', () => {
  const source = [
    `import a from 'ws';`,
    `import type { B } from "../store/b.ts";`,
    `import 'node:net';`,
    `export { c } from './c.ts';`,
    `const d = await import('@scope/pkg/deep');`,
    `import {\n  e,\n} from 'mcpgate-shared/error';`,
    `// import x from 'commented-out';`,
  ].join('\n');
  assert.deepEqual(importsOf('broker/src/http/x.ts', source), [
    'ws',
    'broker/src/store/b.ts',
    'node:net',
    'broker/src/http/c.ts',
    '@scope/pkg',
    'shared/src/error.ts',
  ]);
});

for (const { rule, because, from, forbids } of RULES) {
  test(`${rule}, because ${because}`, () => {
    const broken = files
      .filter(from)
      .flatMap((file) =>
        file.imports
          .filter((imported) => forbids(imported, file))
          .map((imported) => `${file.path} imports ${imported}`),
      );
    assert.deepEqual(broken, []);
  });
}

test('inside each package imports point downwards, because reading a part must not need those above it', () => {
  const broken = files.filter(product).flatMap((file) => {
    const from = partOf(file.path);
    return file.imports.flatMap((imported) => {
      const to = partOf(imported);
      if (from === undefined || to === undefined) return [];
      const violation = layerViolation(from, to, !file.valueImports.includes(imported));
      return violation === undefined ? [] : [`${file.path} imports ${imported}: ${violation}`];
    });
  });
  assert.deepEqual(broken, []);
});

test('only named files read the environment, because everything else gets what it needs as a parameter', () => {
  const allowed =
    /^(broker\/src\/(main\.ts|config\/)|broker\/quickstart\/|cli\/src\/(main|context)\.ts$|cli\/src\/(serve|daemon)\/main\.ts$|cli\/src\/credentials\/keychain-child\.ts$)/;
  const broken = files.filter((file) => product(file) && !allowed.test(file.path) && /process\.env\b/.test(file.text));
  assert.deepEqual(
    broken.map(({ path }) => path),
    [],
  );
});

test('no file is longer than 500 lines, because a longer one holds two things', () => {
  const long = files
    .map(({ path, text }) => ({ path, lines: text.split('\n').length }))
    .filter(({ lines }) => lines > 500);
  assert.deepEqual(long, []);
});

test('no test sleeps, because a test waits for the event, not for a while', () => {
  const pattern = new RegExp(String.raw`timers/${'promises'}|resolve\w*,\s*\d|=>\s*set${'Timeout'}\((\w+),\s*\d`);
  const broken = files.filter(({ path, text }) => path.endsWith('.test.ts') && pattern.test(text));
  assert.deepEqual(
    broken.map(({ path }) => path),
    [],
  );
});
