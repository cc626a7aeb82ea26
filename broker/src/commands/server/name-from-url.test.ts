import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nameFromUrl } from './name-from-url.ts';

test('the name of a server is taken from a URL that says whose it is, and from no other', () => {
  for (const [url, name] of [
    ['https://mcp.example.com/mcp', 'example'],
    ['https://example.com/mcp', 'example'],
    ['https://api.mcp.Example.dev:8443/x?y', 'example'],
    ['https://mcp.my-wiki.io/', 'my-wiki'],
    // Two that could be meant, or none.
    ['https://wiki.example.com/mcp', undefined],
    ['https://mcp.example.co.uk/mcp', undefined],
    ['https://mcp.co.uk/mcp', undefined],
    ['https://mcp.workers.dev/mcp', undefined],
    ['https://someone.vercel.app/mcp', undefined],
    ['http://localhost:8080/mcp', undefined],
    ['http://127.0.0.1:8080/mcp', undefined],
    ['http://[::1]/mcp', undefined],
    ['https://mcp.com/mcp', undefined],
    ['https://mcp.a-name-that-is-longer-than-names-may-be.com', undefined],
    ['https://mcp.bücher.example', undefined],
    ['nothing', undefined],
  ] as const)
    assert.equal(nameFromUrl(url), name, url);
});
