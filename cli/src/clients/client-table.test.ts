import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Computer } from './client.ts';
import { CLIENTS, findClient } from './client-table.ts';

const computer = (platform: NodeJS.Platform, more: Partial<Computer> = {}): Computer => ({
  platform,
  homedir: platform === 'win32' ? 'C:\\Users\\ada' : platform === 'darwin' ? '/Users/ada' : '/home/ada',
  env: {},
  listFolder: () => [],
  ...more,
});
const files = (name: string, on: Computer): readonly string[] => findClient(name)?.files(on) ?? [];

describe('where AI clients keep their servers', () => {
  for (const [name, linux, mac, windows] of [
    [
      'claude-desktop',
      '/home/ada/.config/Claude/claude_desktop_config.json',
      '/Users/ada/Library/Application Support/Claude/claude_desktop_config.json',
      'C:\\Users\\ada\\AppData\\Roaming\\Claude\\claude_desktop_config.json',
    ],
    ['claude-code', '/home/ada/.claude.json', '/Users/ada/.claude.json', 'C:\\Users\\ada\\.claude.json'],
    ['cursor', '/home/ada/.cursor/mcp.json', '/Users/ada/.cursor/mcp.json', 'C:\\Users\\ada\\.cursor\\mcp.json'],
    [
      'windsurf',
      '/home/ada/.codeium/windsurf/mcp_config.json',
      '/Users/ada/.codeium/windsurf/mcp_config.json',
      'C:\\Users\\ada\\.codeium\\windsurf\\mcp_config.json',
    ],
    [
      'vscode',
      '/home/ada/.config/Code/User/mcp.json',
      '/Users/ada/Library/Application Support/Code/User/mcp.json',
      'C:\\Users\\ada\\AppData\\Roaming\\Code\\User\\mcp.json',
    ],
    [
      'zed',
      '/home/ada/.config/zed/settings.json',
      '/Users/ada/.config/zed/settings.json',
      'C:\\Users\\ada\\AppData\\Roaming\\Zed\\settings.json',
    ],
    ['codex', '/home/ada/.codex/config.toml', '/Users/ada/.codex/config.toml', 'C:\\Users\\ada\\.codex\\config.toml'],
    [
      'gemini-cli',
      '/home/ada/.gemini/settings.json',
      '/Users/ada/.gemini/settings.json',
      'C:\\Users\\ada\\.gemini\\settings.json',
    ],
    [
      'copilot-cli',
      '/home/ada/.copilot/mcp-config.json',
      '/Users/ada/.copilot/mcp-config.json',
      'C:\\Users\\ada\\.copilot\\mcp-config.json',
    ],
    [
      'opencode',
      '/home/ada/.config/opencode/opencode.json',
      '/Users/ada/.config/opencode/opencode.json',
      'C:\\Users\\ada\\.config\\opencode\\opencode.json',
    ],
  ] as const) {
    it(name, () => {
      assert.equal(files(name, computer('linux'))[0], linux);
      assert.equal(files(name, computer('darwin'))[0], mac);
      assert.equal(files(name, computer('win32'))[0], windows);
    });
  }

  it('follows the variables that move them', () => {
    assert.equal(files('claude-code', computer('linux', { env: { CLAUDE_CONFIG_DIR: '/c' } }))[0], '/c/.claude.json');
    assert.equal(files('copilot-cli', computer('linux', { env: { COPILOT_HOME: '/p' } }))[0], '/p/mcp-config.json');
    assert.equal(files('codex', computer('linux', { env: { CODEX_HOME: '/x' } }))[0], '/x/config.toml');
    assert.equal(
      files('claude-desktop', computer('linux', { env: { XDG_CONFIG_HOME: '/xdg' } }))[0],
      '/xdg/Claude/claude_desktop_config.json',
    );
    assert.equal(files('vscode', computer('win32', { env: { APPDATA: 'D:\\R' } }))[0], 'D:\\R\\Code\\User\\mcp.json');
  });

  it('finds the folder of the Microsoft Store’s Claude Desktop, whatever its publisher’s hash', () => {
    const store = computer('win32', {
      env: { LOCALAPPDATA: 'D:\\L' },
      listFolder: (path) => (path === 'D:\\L\\Packages' ? ['Other_1', 'Claude_pzs8sxrjxfjjc'] : []),
    });
    assert.deepEqual(files('claude-desktop', store), [
      'D:\\L\\Packages\\Claude_pzs8sxrjxfjjc\\LocalCache\\Roaming\\Claude\\claude_desktop_config.json',
      'C:\\Users\\ada\\AppData\\Roaming\\Claude\\claude_desktop_config.json',
    ]);
  });

  it('uses OpenCode’s file with comments where that one is there', () => {
    const commented = computer('linux', { listFolder: () => ['opencode.jsonc', 'themes'] });
    assert.equal(files('opencode', commented)[0], '/home/ada/.config/opencode/opencode.jsonc');
  });

  it('names each client once', () => {
    assert.equal(new Set(CLIENTS.map(({ name }) => name)).size, CLIENTS.length);
  });
});
