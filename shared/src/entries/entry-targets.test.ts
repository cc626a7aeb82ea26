import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { targetsOf } from './entry-targets.ts';

const started = (command: string, ...args: string[]): string[] => targetsOf({ kind: 'stdio', command, args, env: {} });
const at = (url: string): string[] => targetsOf({ kind: 'http', url, headers: {} });

suite('what an entry starts', () => {
  test('is the package, whatever runs it and in which version', () => {
    for (const words of [
      ['npx', '-y', '@modelcontextprotocol/server-github'],
      ['/opt/node/bin/npx', '--yes', '@modelcontextprotocol/server-github@2025.4.8'],
      ['C:\\Program Files\\nodejs\\npx.cmd', '@modelcontextprotocol/server-github', '--verbose'],
      ['pnpm', 'dlx', '@modelcontextprotocol/server-github@latest'],
      ['npx', '--package=@modelcontextprotocol/server-github', 'server'],
    ]) {
      const [command = '', ...args] = words;
      assert.deepEqual(started(command, ...args), ['package:@modelcontextprotocol/server-github'], words.join(' '));
    }
    assert.deepEqual(started('uvx', '--from', 'mcp-atlassian==0.11', 'mcp-atlassian'), ['package:mcp-atlassian']);
    assert.deepEqual(started('uvx', 'mcp-server-fetch[extra]'), ['package:mcp-server-fetch']);
  });

  test('is the image of a container', () => {
    const image = ['image:ghcr.io/github/github-mcp-server'];
    assert.deepEqual(
      started('docker', 'run', '-i', '--rm', '-e', 'GITHUB_TOKEN', 'ghcr.io/github/github-mcp-server:1.2'),
      image,
    );
    assert.deepEqual(started('podman', 'run', '--env=A=b', 'ghcr.io/github/github-mcp-server'), image);
  });

  test('is the program, unless it is one that runs anything', () => {
    assert.deepEqual(started('/home/ada/bin/github-mcp-server', 'stdio'), ['command:github-mcp-server']);
    assert.deepEqual(started('node', '/home/ada/server.js'), []);
    assert.deepEqual(started('npx'), []);
  });

  test('is the address of a URL, also behind a bridge, without what is secret in it', () => {
    const target = ['url:mcp.example.com/v1/mcp'];
    assert.deepEqual(at('https://MCP.example.com/v1/mcp/?token=${secret:x}'), target);
    assert.deepEqual(at('https://user:pw@mcp.example.com/v1/mcp'), target);
    assert.deepEqual(started('npx', '-y', 'mcp-remote', 'https://mcp.example.com/v1/mcp'), target);
    assert.deepEqual(at('https://mcp.example.com/s/${secret:a}/mcp'), at('https://mcp.example.com/s/${secret:b}/mcp'));
    assert.deepEqual(at('not a URL'), []);
  });
});
