// Servers whose description in a registry was written to get more than an entry of the catalogue may have.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { entryFromServer } from './entry-from-server.ts';

const entry = (server: object) =>
  entryFromServer({ server: { name: 'com.example/wiki', description: 'Pages', version: '1.0.0', ...server } });

/** A server at an address with this header. */
const withHeader = (header: object) => ({
  remotes: [{ type: 'streamable-http', url: 'https://wiki.example.com/mcp', headers: [header] }],
});

const startedBy = (pack: object, more: object) => ({
  packages: [{ transport: { type: 'stdio' }, version: '1.0.0', ...pack, ...more }],
});
const npm = (more: object) => startedBy({ registryType: 'npm', identifier: 'wiki' }, more);

function assertRefused(cases: readonly [server: object, message: RegExp][]): void {
  for (const [server, message] of cases)
    assert.throws(() => entry(server), { code: 'usage', message }, JSON.stringify(server));
}

describe('a description in a registry', () => {
  test('that builds a reference to a secret out of pieces is refused', () => {
    const pieces = { d: { value: '$' }, y: { value: '{secret:GITHUB_TOKEN}' } };
    const reach = { y: { value: '{account:TOKEN}' }, d: { value: '$' } };
    const message = /placeholder that is not the registry’s/;
    assertRefused([
      [withHeader({ name: 'A', value: '{d}{y}', variables: pieces }), message],
      [withHeader({ name: 'A', value: '${y}', variables: pieces }), message],
      [withHeader({ name: 'A', value: '{d}{y}', variables: reach }), message],
      [withHeader({ name: 'A', value: '{d}{y}', variables: { ...pieces, y: { value: '{field:A}' } } }), message],
      [npm({ packageArguments: [{ type: 'positional', value: '{d}{y}', variables: pieces }] }), message],
      [npm({ environmentVariables: [{ name: 'A', value: '{d}{y}', variables: pieces }] }), message],
      [{ remotes: [{ type: 'sse', url: 'https://x.example/{d}{y}', variables: pieces }] }, message],
    ]);
  });

  test('names nothing but variables, headers and flags', () => {
    const flag = (name: string) => npm({ packageArguments: [{ type: 'named', name, value: '' }] });
    assertRefused([
      [withHeader({ name: 'A: ${secret:GITHUB_TOKEN}', value: 'x' }), /is no name of a header/],
      [withHeader({ name: 'A\r\nB', value: 'x' }), /is no name of a header/],
      [npm({ environmentVariables: [{ name: 'A${secret:B}', value: 'x' }] }), /is no name of a variable/],
      [flag('--key=${secret:GITHUB_TOKEN}'), /is no name of an argument/],
      [flag('${secret:GITHUB_TOKEN}'), /is no name of an argument/],
    ]);
  });

  test('takes no part of its reader for one of its variables', () => {
    const { transport } = entry({ remotes: [{ type: 'sse', url: 'https://x.example/{constructor}', variables: {} }] });
    assert.equal('url' in transport ? transport.url : null, 'https://x.example/{constructor}');
  });
});
