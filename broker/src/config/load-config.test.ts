import assert from 'node:assert/strict';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { GateError } from 'mcpgate-shared/error';
import { assertNotExposed, loadConfig, type ConfigFlags } from './load-config.ts';

const cwd = mkdtempSync(join(tmpdir(), 'mcpgate-config-'));

function withFile(text: string): string {
  writeFileSync(join(cwd, 'broker.yaml'), text);
  return 'broker.yaml';
}

function mistakesOf(text: string): string[] {
  try {
    loadConfig({ config: withFile(text) }, { env: {}, cwd });
  } catch (error) {
    assert.ok(error instanceof GateError);
    assert.equal(error.code, 'config');
    return error.message.split('\n');
  }
  return [];
}

describe('configuration file', () => {
  test('an unknown key is named with its line and the key that was meant', () => {
    assert.deepEqual(mistakesOf('listen: 127.0.0.1:1\npublc_url: https://a.example\n'), [
      'broker.yaml:2: publc_url: unknown key; did you mean "public_url"?',
    ]);
  });

  test('an unknown key of a section is named with its whole path', () => {
    assert.deepEqual(mistakesOf('log:\n  # comment\n  levle: info\n'), [
      'broker.yaml:3: log.levle: unknown key; did you mean "log.level"?',
    ]);
  });

  test('two letters that changed places are one mistake, so that the shortest keys are recognized too', () => {
    for (const [written, meant] of [
      ['olg', 'log'],
      ['dtaa', 'data'],
      ['oicd', 'oidc'],
    ] as const)
      assert.match(mistakesOf(`${written}: x\n`)[0] ?? '', new RegExp(`did you mean "${meant}"`));
  });

  test('every mistake is reported, in the order of the lines', () => {
    const mistakes = mistakesOf('drain:\n  timeout: soon\nlisten: nowhere\nzzz: 1\n');
    assert.deepEqual(mistakes, [
      'broker.yaml:2: drain.timeout: "soon" is not a duration; write 30s, 15m, 8h or 90d',
      'broker.yaml:3: listen: write HOST:PORT, as 127.0.0.1:7717',
      'broker.yaml:4: zzz: unknown key',
    ]);
  });

  test('limits of servers are read with their units, and what is too little is named', () => {
    const file = withFile('upstreams:\n  limits: { memory: 512MiB, open_files: none, cpu_seconds: 60 }\n');
    const { limits } = loadConfig({ config: file }, { env: {}, cwd }).upstreams;
    assert.deepEqual(limits, { memoryBytes: 512 * 1024 ** 2, openFiles: null, processes: 1024, cpuSeconds: 60 });
    assert.match(
      mistakesOf('upstreams:\n  limits:\n    open_files: 3\n')[0] ?? '',
      /^broker\.yaml:3: upstreams\.limits\.open_files: write a number of 32 or more, or none/,
    );
    assert.match(
      mistakesOf('upstreams:\n  limits:\n    memry: 3\n')[0] ?? '',
      /did you mean "upstreams.limits.memory"/,
    );
  });

  test('a wrong entry of a list is named by the line of the entry', () => {
    assert.deepEqual(mistakesOf('behind_proxy:\n  - 10.0.0.0/8\n  - example.com\n'), [
      'broker.yaml:3: behind_proxy.1: write an address or a range, as 10.0.0.0/8',
    ]);
  });

  test('half of a pair is reported at its section', () => {
    assert.deepEqual(mistakesOf('data: x\ntls:\n  cert: a.pem\n'), ['broker.yaml:2: tls.key: is missing']);
  });

  test('broken YAML and doubled keys carry the line', () => {
    assert.match(mistakesOf('listen: "127\nlog: {}\n')[0] ?? '', /^broker\.yaml:\d+: /);
    assert.match(mistakesOf('data: a\ndata: b\n')[0] ?? '', /^broker\.yaml:2: .*unique/i);
  });

  test('a file that is no map, or is missing, says so', () => {
    assert.deepEqual(mistakesOf('- a\n'), [
      'broker.yaml:1: the file must be a map of keys, as `listen: 127.0.0.1:7717`',
    ]);
    assert.throws(
      () => loadConfig({ config: 'absent.yaml' }, { env: {}, cwd }),
      /absent\.yaml: cannot read the configuration file: there is no such file/,
    );
  });

  test('an empty file means the defaults', () => {
    const config = loadConfig({ config: withFile('# nothing yet\n') }, { env: {}, cwd });
    assert.deepEqual(config.listen, { host: '127.0.0.1', port: 7717 });
    assert.equal(config.data, join(cwd, 'mcpgate-data'));
    assert.equal(config.drain.timeout, 30_000);
  });
});

describe('the workspace of people who sign in elsewhere', () => {
  const load = (text: string) => loadConfig({ config: withFile(text) }, { env: {}, cwd });
  const oidc = 'oidc:\n  issuer: https://idp.example\n  client_id: c\n';
  const proxy = 'forwarded_auth:\n  from: [127.0.0.1]\n';

  test('is read, with the names that the provider or the proxy has for it', () => {
    const keys = "  workspace: team-b\n  workspace_mapping: { 'Team B': team-b }\n";
    const config = load(`${oidc}${keys}  workspace_claim: unit\n${proxy}${keys}  workspace_header: X-Unit\n`);
    assert.deepEqual(
      [config.oidc?.workspace, config.oidc?.workspace_claim, config.oidc?.workspace_mapping],
      ['team-b', 'unit', { 'Team B': 'team-b' }],
    );
    assert.equal(config.forwarded_auth?.workspace_header, 'x-unit');
    assert.equal(load(oidc).oidc?.workspace, undefined);
  });

  test('is a name, and a mapping needs what it maps', () => {
    assert.throws(() => load(`${oidc}  workspace: Team B\n`), /oidc\.workspace: a workspace name is/);
    assert.throws(
      () => load(`${proxy}  workspace_header: X-Unit\n  workspace_mapping: { a: Team B }\n`),
      /workspace_mapping.*: a workspace name is/,
    );
    const mapping = '  workspace_mapping: { a: team-b }\n';
    assert.throws(() => load(oidc + mapping), /oidc\.workspace_mapping: write workspace_claim too/);
    assert.throws(() => load(proxy + mapping), /forwarded_auth\.workspace_mapping: write workspace_header too/);
  });
});

describe('precedence', () => {
  test('a flag beats the environment, which beats the file, which beats the default', () => {
    const file = withFile('listen: 127.0.0.1:1\ndata: in-file\nlog:\n  level: error\n');
    const env = { MCPGATE_LISTEN: '127.0.0.1:2', MCPGATE_LOG: 'warn' };
    const config = loadConfig({ config: file, listen: '127.0.0.1:3' }, { env, cwd });
    assert.equal(config.listen.port, 3);
    assert.equal(config.log.level, 'warn');
    assert.equal(config.data, join(cwd, 'in-file'));
  });

  test('a mistake in the environment or a flag is named by variable or flag', () => {
    assert.throws(
      () => loadConfig({}, { env: { MCPGATE_LISTEN: 'x y' }, cwd }),
      /^GateError: MCPGATE_LISTEN: write HOST:PORT/,
    );
    assert.throws(() => loadConfig({ publicUrl: 'mcp.example.com' }, { env: {}, cwd }), /^GateError: --public-url: /);
    assert.throws(() => loadConfig({ tlsCert: 'a.pem' }, { env: {}, cwd }), /^GateError: --tls-key: is missing/);
  });

  test('a flag that no key has is no flag of a configuration', () => {
    assert.throws(() => loadConfig({ listne: '127.0.0.1:0' }, { env: {}, cwd }), /no key has a flag .* listne/);
  });

  test('MCPGATE_CONFIG names the file', () => {
    const config = loadConfig({}, { env: { MCPGATE_CONFIG: withFile('data: elsewhere\n') }, cwd: cwd });
    assert.equal(config.data, join(cwd, 'elsewhere'));
  });
});

describe('exposure', () => {
  const load = (flags: ConfigFlags) => loadConfig(flags, { env: {}, cwd });

  test('an address that other machines reach is refused without TLS', () => {
    for (const listen of ['0.0.0.0:7717', ':7717', '[::]:7717', '192.0.2.1:80', 'broker.internal:80']) {
      assert.throws(() => assertNotExposed(load({ listen })), /--tls-cert/, listen);
    }
  });

  test('loopback is served as it is, any address behind a proxy', () => {
    for (const listen of ['127.0.0.1:7717', '127.8.8.8:1', 'localhost:0', '[::1]:7717', '7717'])
      assertNotExposed(load({ listen }));
    assertNotExposed(load({ listen: '0.0.0.0:7717', behindProxy: ['10.0.0.0/8'] }));
  });
});
