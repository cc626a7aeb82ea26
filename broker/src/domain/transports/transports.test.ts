import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { TransportForm } from 'mcpgate-shared/api/servers';
import { namedValuesOf, runsOf, unnamedTextsOf, withNamedValues } from 'mcpgate-shared/values/record-outline';
import { mapTexts, textsOf } from 'mcpgate-shared/values/record-texts';
import { identityAudienceOf } from './http-transport.ts';
import { openTextsOf, secretNamesIn } from './transport-texts.ts';
import {
  changedTransport,
  identityHeaderOf,
  readTransport,
  shownTextsOf,
  shownTransport,
  targetOf,
  StoredTransportSchema,
  transportForm,
  type Transport,
  type TransportKind,
} from './transports.ts';

/** Every field of each kind is in it, and a secret in each text that may refer to one. */
const FORMS: { readonly [K in TransportKind]: Extract<TransportForm, { kind: K }> } = {
  stdio: {
    kind: 'stdio',
    command: 'tool',
    args: ['--key', '${secret:first}'],
    env: { TOKEN: '${secret:second}' },
    cwd: '/srv',
    limits: { memory: '512MiB' },
    network: 'none',
  },
  http: {
    kind: 'http',
    url: 'https://wiki.example/mcp?key=${secret:first}',
    headers: { 'X-Key': '${secret:second}' },
    identity_header: 'X-Mcpgate-Identity',
  },
};
const url: Transport<'http'> = { kind: 'http', url: 'https://wiki.example/mcp', headers: {} };
const command: Transport = { kind: 'stdio', command: 'tool', args: [], env: {} };

for (const form of Object.values(FORMS)) {
  describe(`a transport of the kind ${form.kind}`, () => {
    const transport = readTransport(form);

    it('comes back from the database as it was given', () => {
      assert.deepEqual(StoredTransportSchema.parse(JSON.parse(JSON.stringify(transport))), transport);
    });
    it('is shown with every field that it was given', () => {
      const shown = shownTransport(transport);
      // The limits that hold are shown, which the broker's configuration has a say in.
      const { kind: _kind, limits: _limits, ...fields } = { limits: undefined, ...form };
      assert.deepEqual({ ...shown, ...fields }, shown);
    });
    it('is shown with its texts', () => {
      const texts = shownTextsOf({ ...shownTransport(transport), transport: transport.kind });
      assert.deepEqual(textsOf(texts), textsOf(transport));
      assert.equal(runsOf(texts), runsOf(transport));
    });
    it('has its named values and its other texts in its outline, and takes others in place of the named ones', () => {
      const named = Object.values(namedValuesOf(transport));
      const unnamed = unnamedTextsOf(transport).map(({ text }) => text);
      const texts = textsOf(transport).map(({ text }) => text);
      assert.deepEqual([...unnamed, ...named], texts);
      assert.deepEqual(namedValuesOf(withNamedValues(transport, { OTHER: 'x' })), { OTHER: 'x' });
      assert.deepEqual(withNamedValues(transport, namedValuesOf(transport)), transport);
    });
    it('is without the texts that are left out', () => {
      const left = mapTexts(transport, (text) => (text.includes('first') ? text : undefined));
      assert.deepEqual(
        textsOf(left).map(({ text }) => text),
        textsOf(transport).flatMap(({ text }) => (text.includes('first') ? [text] : [])),
      );
    });
    it('is edited as it was given', () => {
      assert.deepEqual(transportForm(transport), form);
    });
    it('names its secrets in the order of the record, and is the same where its texts are', () => {
      assert.deepEqual(secretNamesIn(transport), ['first', 'second']);
      assert.deepEqual(
        mapTexts(transport, (text) => text),
        transport,
      );
    });
    it('is left alone by changes that say nothing', () => {
      assert.equal(changedTransport('wiki', transport, { limits: undefined, network: undefined }), transport);
    });
  });
}

describe('new settings', () => {
  it('are refused by name where they are for servers that mcpgate starts, and this one is reached at a URL', () => {
    assert.throws(() => changedTransport('wiki', url, { network: 'none' }), {
      code: 'usage',
      message: 'wiki is reached at a URL; network is for servers that mcpgate starts',
    });
    assert.throws(() => changedTransport('wiki', url, { network: 'none', limits: { open_files: 64 } }), {
      code: 'usage',
      message: 'wiki is reached at a URL; limits are for servers that mcpgate starts',
    });
  });
  it('of a command change what they name; the default is not written down', () => {
    const changed = changedTransport('tool', command, { network: 'none', limits: { open_files: 64 } });
    assert.deepEqual(changed, { ...command, network: 'none', limits: { openFiles: 64 } });
    assert.deepEqual(
      changedTransport('tool', changed, { network: 'full', limits: { open_files: 'default' } }),
      command,
    );
  });
});

describe('a change of a transport', () => {
  it('changes what it names, adds and takes out single values, and leaves the rest', () => {
    const known = readTransport({ ...FORMS.stdio, env: { A: 'a', B: 'b' } });
    const changed = changedTransport('tool', known, { env: { B: null, C: 'c' }, args: ['--new'], cwd: null });
    const { cwd: _cwd, ...rest } = { cwd: '', ...known };
    assert.deepEqual(changed, { ...rest, args: ['--new'], env: { A: 'a', C: 'c' } });
    assert.deepEqual(changedTransport('tool', changed, { command: 'other' }), { ...changed, command: 'other' });
    const web = { ...url, headers: { 'X-Team': 'a', 'X-Key': '${secret:k}' } };
    assert.deepEqual(changedTransport('wiki', web, { headers: { 'x-team': 'b' } }), {
      ...web,
      headers: { 'X-Key': '${secret:k}', 'x-team': 'b' },
    });
    assert.deepEqual(changedTransport('wiki', web, { headers: { 'x-key': null } }).kind, 'http');
    assert.deepEqual(changedTransport('wiki', web, { headers: { 'x-key': null } }), {
      ...url,
      headers: { 'X-Team': 'a' },
    });
  });
  it('to the other way of reaching a server begins anew, and takes what is for that way', () => {
    const at = 'https://wiki.example/mcp';
    assert.deepEqual(changedTransport('tool', command, { url: at, headers: { A: 'b' } }), {
      kind: 'http',
      url: at,
      headers: { A: 'b' },
    });
    assert.deepEqual(changedTransport('wiki', url, { command: 'node', args: ['x.js'], env: { A: 'b' } }), {
      ...{ kind: 'stdio', command: 'node', args: ['x.js'], env: { A: 'b' } },
    });
  });
  it('that fits no server is refused by name', () => {
    for (const [transport, changes, message] of [
      [url, { env: { A: 'b' } }, 'wiki is reached at a URL; env is for servers that mcpgate starts'],
      [command, { headers: {} }, 'wiki is started by mcpgate; headers are for servers at a URL'],
      [command, { url: 'https://x', command: 'x' }, 'wiki has one address or one command, not both'],
      [command, { url: 'x' }, 'the address of a server starts with https:// or http://'],
      [
        url,
        { url: 'https://x', cwd: '/' },
        'wiki is reached at a URL; a working directory is for servers that mcpgate starts',
      ],
    ] as const)
      assert.throws(() => changedTransport('wiki', transport, changes), { code: 'usage', message });
  });
});

it('an address that is none is refused as it is read', () => {
  assert.throws(() => readTransport({ kind: 'http', url: 'wiki.example', headers: {} }), { code: 'usage' });
});

it('what stands openly in a record is the command and each text without its references', () => {
  const transport: Transport = { kind: 'stdio', command: 'tool', args: ['a${secret:x}b'], env: { A: 'open' } };
  const open = openTextsOf(transport);
  assert.equal(open.length, 3);
  assert.deepEqual([open[0], open[2]], ['tool', 'open']);
  assert.doesNotMatch(open.join(' '), /secret/);
});

it('an account is bound to all that says what the command does, or to host and path of the URL, however they are written', () => {
  const started = { ...command, args: ['serve'], cwd: '/srv', env: { A: '${account:A}', B: 'b' } } as const;
  const same = [started, { ...started, env: { B: 'b', A: '${account:A}' } }, { ...started, network: 'none' as const }];
  assert.equal(new Set(same.map(targetOf)).size, 1);
  const { cwd: _cwd, ...atHome } = started;
  const others: Transport[] = [
    ...[
      command,
      atHome,
      { ...started, command: 'other' },
      { ...started, args: ['serve', '--to=https://evil.example'] },
    ],
    ...[
      { ...started, cwd: '/tmp' },
      { ...started, env: { ...started.env, NODE_OPTIONS: '--require=/tmp/x.js' } },
    ],
  ];
  assert.equal(new Set([started, ...others].map(targetOf)).size, others.length + 1);

  for (const address of ['https://wiki.example/', 'HTTPS://Wiki.example?x=1', 'https://wiki.example#x'])
    assert.equal(targetOf({ ...url, url: address }), 'https://wiki.example/');
  assert.equal(targetOf({ ...url, url: 'https://wiki.example/mcp?x=1' }), 'https://wiki.example/mcp');
  assert.equal(targetOf({ ...url, url: 'https://wiki.example/MCP' }), 'https://wiki.example/MCP');
});

describe('the header that says who asks', () => {
  const told = (identity_header: string, more: Partial<Extract<TransportForm, { kind: 'http' }>> = {}): Transport =>
    readTransport({ kind: 'http', url: 'https://wiki.example/mcp', headers: {}, ...more, identity_header });

  it('is none that has a meaning of its own, that the record sets itself, or that cannot be one', () => {
    for (const name of [
      ...['Authorization', 'Proxy-Authorization', 'Mcp-Session-Id', 'mcp-anything', 'Host', 'Connection', 'TE'],
      ...['Transfer-Encoding', 'Content-Type', 'Accept', 'Cookie', 'Last-Event-ID'],
    ])
      assert.throws(() => told(name), { code: 'usage', message: /a meaning of its own/ }, name);
    for (const name of ['', 'X Y', 'X:Y', 'X\nY', 'ü', 'x'.repeat(65)])
      assert.throws(() => told(name), { code: 'usage', message: /1 to 64 letters/ }, JSON.stringify(name));
    assert.throws(() => told('x-key', { headers: { 'X-Key': 'a' } }), { message: /sets the header X-Key itself/ });
    const wiki = told('X-Who');
    assert.throws(() => changedTransport('wiki', wiki, { headers: { 'x-who': 'root' } }), { code: 'usage' });
    assert.throws(() => changedTransport('tool', command, { identityHeader: 'X-Who' }), {
      message: 'tool is started by mcpgate; a header that says who asks is for servers at a URL',
    });
  });

  it('goes with an address that anybody may read, which is whom its token is for', () => {
    for (const address of ['https://wiki.example/${secret:first}/mcp', 'https://${secret:first}/mcp'])
      assert.throws(() => told('X-Who', { url: address }), { code: 'usage', message: /no secret may stand/ }, address);
    for (const [address, audience] of [
      ['https://u:${secret:first}@Wiki.example/mcp?key=${secret:second}#x', 'https://wiki.example/mcp'],
      ['https://wiki.example', 'https://wiki.example'],
      ['https://wiki.example:8443/a/', 'https://wiki.example:8443/a/'],
    ] as const)
      assert.equal(identityAudienceOf({ url: address }), audience);
    assert.throws(() => changedTransport('wiki', told('X-Who'), { url: 'https://w.example/${secret:first}' }));
  });

  it('stays where nothing is said of it, and goes where it is taken out', () => {
    const wiki = told('X-Who');
    assert.equal(identityHeaderOf(changedTransport('wiki', wiki, { url: 'https://other.example' })), 'X-Who');
    assert.equal(identityHeaderOf(changedTransport('wiki', wiki, { identityHeader: null })), undefined);
    assert.deepEqual(changedTransport('wiki', wiki, { identityHeader: null }), url);
  });
});
