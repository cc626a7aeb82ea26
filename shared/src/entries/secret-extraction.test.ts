import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fillTransport } from '../values/fill-values.ts';
import { extractSecrets } from './secret-extraction.ts';

const free = { isTaken: () => false };
const stdio = (args: string[], env: Record<string, string> = {}) => ({
  kind: 'stdio' as const,
  command: 'npx',
  args,
  env,
});

interface Case {
  name: string;
  args?: string[];
  env?: Record<string, string>;
  url?: string;
  headers?: Record<string, string>;
  record: unknown;
  found: Record<string, string | undefined>;
}

const cases: Case[] = [
  {
    name: 'env of the GitHub server: the token moves, its name does not say the server twice',
    args: ['run', '-i', '--rm', '-e', 'GITHUB_PERSONAL_ACCESS_TOKEN', 'ghcr.io/github/github-mcp-server'],
    env: { GITHUB_PERSONAL_ACCESS_TOKEN: 'ghp_0123456789abcdefABCDEF0123456789abcd', GITHUB_TOOLSETS: 'repos,issues' },
    record: {
      args: ['run', '-i', '--rm', '-e', 'GITHUB_PERSONAL_ACCESS_TOKEN', 'ghcr.io/github/github-mcp-server'],
      env: {
        GITHUB_PERSONAL_ACCESS_TOKEN: '${secret:s-github-personal-access-token}',
        GITHUB_TOOLSETS: 'repos,issues',
      },
    },
    found: { 's-github-personal-access-token': 'ghp_0123456789abcdefABCDEF0123456789abcd' },
  },
  {
    name: 'a known token under a harmless name moves too',
    env: { SLACK: 'xoxb-123456789012-123456789012-AbCdEfGhIjKl', SLACK_TEAM_ID: 'T01234567' },
    record: { args: [], env: { SLACK: '${secret:s-slack}', SLACK_TEAM_ID: 'T01234567' } },
    found: { 's-slack': 'xoxb-123456789012-123456789012-AbCdEfGhIjKl' },
  },
  {
    name: 'a random value under a harmless name moves',
    env: { WORKSPACE: 'q8Zr1LmX4vT7pKc2NdYw6HbJ' },
    record: { args: [], env: { WORKSPACE: '${secret:s-workspace}' } },
    found: { 's-workspace': 'q8Zr1LmX4vT7pKc2NdYw6HbJ' },
  },
  {
    name: 'flags with a value, joined and apart',
    args: [
      '-y',
      'pkg@1.2.3',
      '--token=abc-def',
      '--api-key',
      'short',
      '--region',
      'eu',
      '--access-token=',
      '--verbose',
    ],
    record: {
      args: [
        '-y',
        'pkg@1.2.3',
        '--token=${secret:s-token}',
        '--api-key',
        '${secret:s-api-key}',
        '--region',
        'eu',
        '--access-token=',
        '--verbose',
      ],
      env: {},
    },
    found: { 's-token': 'abc-def', 's-api-key': 'short' },
  },
  {
    name: 'headers on the command line of mcp-remote keep their scheme',
    args: [
      'mcp-remote',
      'https://mcp.example.com/mcp',
      '--header',
      'Authorization: Bearer opaque-value',
      '--header',
      'X-Tenant:acme',
    ],
    record: {
      args: [
        'mcp-remote',
        'https://mcp.example.com/mcp',
        '--header',
        'Authorization: Bearer ${secret:s-authorization}',
        '--header',
        'X-Tenant:acme',
      ],
      env: {},
    },
    found: { 's-authorization': 'opaque-value' },
  },
  {
    name: 'an assignment given to docker',
    args: ['run', '-e', 'API_TOKEN=opaque', '--env=DB_PASSWORD=hunter2', '-e', 'LEVEL=debug', 'image'],
    record: {
      args: [
        'run',
        '-e',
        'API_TOKEN=${secret:s-api-token}',
        '--env=DB_PASSWORD=${secret:s-db-password}',
        '-e',
        'LEVEL=debug',
        'image',
      ],
      env: {},
    },
    found: { 's-api-token': 'opaque', 's-db-password': 'hunter2' },
  },
  {
    name: 'passwords and parameters of URLs, wherever the URL stands',
    args: ['postgresql://app:pa55@db.internal:5432/app?sslmode=require'],
    env: { REDIS_URL: 'redis://:pw1234567@cache:6379/0', DOCS_URL: 'https://docs.example.com/a/b' },
    record: {
      args: ['postgresql://app:${secret:s-argument-password}@db.internal:5432/app?sslmode=require'],
      env: {
        REDIS_URL: 'redis://:${secret:s-redis-url-password}@cache:6379/0',
        DOCS_URL: 'https://docs.example.com/a/b',
      },
    },
    found: { 's-argument-password': 'pa55', 's-redis-url-password': 'pw1234567' },
  },
  {
    name: 'HTTP: header, query parameter and path segment',
    url: 'https://mcp.example.com/s/q8Zr1LmX4vT7pKc2NdYw6HbJ/mcp?api_key=opaque&mode=read',
    headers: { Authorization: 'Bearer opaque-2', Accept: 'text/event-stream', 'X-Api-Key': 'k' },
    record: {
      url: 'https://mcp.example.com/s/${secret:s-url-path}/mcp?api_key=${secret:s-api-key}&mode=read',
      headers: {
        Authorization: 'Bearer ${secret:s-authorization}',
        Accept: 'text/event-stream',
        'X-Api-Key': '${secret:s-x-api-key}',
      },
    },
    found: {
      's-url-path': 'q8Zr1LmX4vT7pKc2NdYw6HbJ',
      's-api-key': 'opaque',
      's-authorization': 'opaque-2',
      's-x-api-key': 'k',
    },
  },
  {
    name: 'placeholders of a client become references without a value',
    env: { API_KEY: '${input:api-key}', OTHER_TOKEN: '<YOUR_TOKEN>', HOME_DIR: '${HOME}' },
    record: {
      args: [],
      env: { API_KEY: '${secret:s-api-key}', OTHER_TOKEN: '${secret:s-other-token}', HOME_DIR: '${HOME}' },
    },
    found: { 's-api-key': undefined, 's-other-token': undefined },
  },
  {
    name: 'what is no secret stays where it is',
    args: [
      '-y',
      '@modelcontextprotocol/server-filesystem@2026.8.31',
      '/srv/data/project-2026-archive-01',
      '--config-id=0b8f6a52-6a3e-4a55-9a55-0f4b3c1d2e3f',
      '${secret:kept}',
    ],
    env: {
      USE_AUTH: 'true',
      TOKEN_LIMIT: '4000',
      KEY_FILE: '/etc/key.pem',
      AWS_REGION: 'eu-central-1',
      MODEL: 'claude-opus-4-20260514',
      MAX_TOKENS: '120000',
    },
    record: {
      args: [
        '-y',
        '@modelcontextprotocol/server-filesystem@2026.8.31',
        '/srv/data/project-2026-archive-01',
        '--config-id=0b8f6a52-6a3e-4a55-9a55-0f4b3c1d2e3f',
        '${secret:kept}',
      ],
      env: {
        USE_AUTH: 'true',
        TOKEN_LIMIT: '4000',
        KEY_FILE: '/etc/key.pem',
        AWS_REGION: 'eu-central-1',
        MODEL: 'claude-opus-4-20260514',
        MAX_TOKENS: '120000',
      },
    },
    found: {},
  },
  {
    name: 'a variable that is put where a secret belongs is one, whatever it is called',
    args: ['mcp-remote', 'https://h.example', '--header', 'Authorization:Bearer ${TOK}', '--region', '${REG}'],
    env: { TOK: 'opaque', REG: 'eu-1', OTHER: 'opaque-too' },
    record: {
      args: ['mcp-remote', 'https://h.example', '--header', 'Authorization:Bearer ${TOK}', '--region', '${REG}'],
      env: { TOK: '${secret:s-tok}', REG: 'eu-1', OTHER: 'opaque-too' },
    },
    found: { 's-tok': 'opaque' },
  },
  {
    name: 'the session that a path names after its semicolon',
    url: 'https://h.example/mcp;jsessionid=ABCDEF0123456789?a=b',
    record: { url: 'https://h.example/mcp;jsessionid=${secret:s-jsessionid}?a=b', headers: {} },
    found: { 's-jsessionid': 'ABCDEF0123456789' },
  },
  {
    name: 'one value in two spots is one secret',
    args: ['--token', 'opaque'],
    env: { TOKEN: 'opaque' },
    record: { args: ['--token', '${secret:s-token}'], env: { TOKEN: '${secret:s-token}' } },
    found: { 's-token': 'opaque' },
  },
];

describe('secret extraction', () => {
  for (const { name, args, env, url, headers, record, found } of cases) {
    test(name, () => {
      const transport =
        url === undefined ? stdio(args ?? [], env ?? {}) : { kind: 'http' as const, url, headers: headers ?? {} };
      const extraction = extractSecrets('s', transport, free);
      const { kind: _kind, command: _command, ...rest } = { command: '', ...extraction.transport };
      assert.deepEqual(rest, record);
      assert.deepEqual(Object.fromEntries(extraction.found.map((secret) => [secret.name, secret.value])), found);
    });
  }

  for (const [command, flag, line, value] of [
    ['sh', '-c', 'TOKEN=opaque1234; export TOKEN; x --header "Authorization: Bearer $TOKEN" --key ${TOKEN}', 'TOKEN'],
    ['bash', '-lc', `export A_TOKEN='opaque1234'; exec npx foo --key "$A_TOKEN"`, 'A_TOKEN'],
    ['fish', '-c', 'set -x API_KEY opaque1234; npx foo --key $API_KEY', 'API_KEY'],
    ['powershell', '-Command', "$env:API_KEY='opaque1234'; npx foo --key $env:API_KEY", 'API_KEY'],
    ['powershell', '-Command', "$token = 'opaque1234'; npx foo --key $token", '$token'],
    ['cmd', '/c', 'set TOKEN=opaque1234&& npx foo --token %TOKEN%', 'TOKEN'],
  ] as const) {
    test(`a variable that the line itself sets is a reference: ${command} ${flag} ${line}`, () => {
      const extraction = extractSecrets('s', { kind: 'stdio', command, args: [flag, line], env: {} }, free);
      const [secret, ...more] = extraction.found;
      assert.deepEqual([secret?.from, secret?.value, more], [`shell line, ${value}`, 'opaque1234', []]);
      const [, after = ''] = extraction.transport.kind === 'stdio' ? extraction.transport.args : [];
      assert.equal(after, line.replace('opaque1234', `\${secret:${secret?.name}}`));
    });
  }

  for (const line of [
    'read T < /run/tok; npx foo --token "$T"',
    'TOKEN=$(cat /run/tok) npx foo --token $TOKEN',
    'TOKEN=`cat /run/tok` npx foo --token $TOKEN',
  ]) {
    test(`what the shell gets from elsewhere is no value of the entry: ${line}`, () => {
      const { found, transport } = extractSecrets(
        's',
        { kind: 'stdio', command: 'sh', args: ['-c', line], env: {} },
        free,
      );
      assert.deepEqual(found, []);
      assert.deepEqual(transport.kind === 'stdio' && transport.args, ['-c', line]);
    });
  }

  test('a variable that nothing in the entry sets is a placeholder', () => {
    const args = ['-c', 'OTHER=1 npx foo --token $API_TOKEN'];
    const { found } = extractSecrets('s', { kind: 'stdio', command: 'sh', args, env: {} }, free);
    assert.deepEqual(
      found.map(({ kind }) => kind),
      ['placeholder'],
    );
  });

  test('a name that is taken gets a number, and the server is not named twice', () => {
    const { found } = extractSecrets('github', stdio([], { GITHUB_TOKEN: 'opaque' }), {
      isTaken: (name) => name === 'github-token',
    });
    assert.deepEqual(
      found.map((secret) => secret.name),
      ['github-token-2'],
    );
  });
});

test('a line that another computer or an environment runs keeps its command', () => {
  for (const [command, args, record] of [
    ['ssh', ['-o', 'BatchMode yes', 'host', 'API_TOKEN=abc npx pkg'], 'API_TOKEN=${secret:s-api-token} npx pkg'],
    ['nix-shell', ['-p', 'nodejs', '--run', 'API_TOKEN=abc npx pkg'], 'API_TOKEN=${secret:s-api-token} npx pkg'],
  ] as const) {
    const { transport } = extractSecrets('s', { kind: 'stdio', command, args: [...args], env: {} }, free);
    assert.deepEqual(Object(transport)['args'], [...args.slice(0, -1), record]);
  }
});

describe('a value in quotes that holds what separates the others', () => {
  const cases: readonly [value: string, record: string, secret: string][] = [
    ["host=db password='a b=c' user=u", "host=db password='${secret:s-password}' user=u", 'a b=c'],
    ['host=db password="a b=c" user=u', 'host=db password="${secret:s-password}" user=u', 'a b=c'],
    ["host=db password='it\\'s x' user=u", "host=db password='${secret:s-password|as-imported}' user=u", "it\\'s x"],
    ['host=db password=a\\ b=c user=u', 'host=db password=${secret:s-password|as-imported} user=u', 'a\\ b=c'],
    ['token="ab,c=d",region=eu', 'token="${secret:s-token}",region=eu', 'ab,c=d'],
    ["region=eu, token='ab, c=d'", "region=eu, token='${secret:s-token}'", 'ab, c=d'],
    ['A_TOKEN="one\ntwo=three"\nB=2', 'A_TOKEN="${secret:s-a-token|as-imported}"\nB=2', 'one\ntwo=three'],
  ];
  for (const [value, record, secret] of cases) {
    test(`is one, and nothing of it stays in clear: ${JSON.stringify(value)}`, () => {
      const { transport, found } = extractSecrets('s', stdio([], { CONN: value }), free);
      assert.deepEqual(transport, stdio([], { CONN: record }));
      assert.deepEqual(
        found.map((each) => each.value),
        [secret],
      );
      const restored = fillTransport(transport, () => ({ value: secret, imported: true }));
      assert.deepEqual(restored, stdio([], { CONN: value }));
    });
  }
});

// A form that goes back over what it has read takes twice as long for each piece: this value would never be done with.
test('a long text that is nearly a list of pairs is read once', () => {
  for (const pair of ["a='x' ", 'a="x",', "a='x'\n", 'a={x};']) {
    const value = `${pair.repeat(200)}!!`;
    assert.deepEqual(extractSecrets('s', stdio([], { CONN: value }), free).transport, stdio([], { CONN: value }));
  }
});

test('a password that would end the host of a URL is percent-encoded there: the connection goes where the record says', () => {
  for (const password of ['pa@ss#word?1', 'pa/ss', 'pa#ss']) {
    const url = `https://user:${password}@mcp.example.com/mcp`;
    const { transport, found } = extractSecrets('s', { kind: 'http', url, headers: {} }, free);
    assert.equal(Object(transport)['url'], 'https://user:${secret:s-url-password}@mcp.example.com/mcp');
    const value = found[0]?.value ?? '';
    assert.equal(value, password);
    const filled = new URL(String(Object(fillTransport(transport, () => ({ value, imported: true })))['url']));
    assert.deepEqual([filled.host, decodeURIComponent(filled.password)], ['mcp.example.com', password]);
  }
});
