// The table of AI clients that mcpgate knows. Paths are from the clients' own documentation; where builds differ (Microsoft Store, previews, a new
// name), all paths are listed.
import { posix, win32 } from 'node:path';
import type { Node } from 'jsonc-parser';
import { type Client, type Computer, entryNameFor } from './client.ts';
import type { EntryFormat } from './entry-format.ts';
import { members } from './files/jsonc-document.ts';
import { createJsoncFormat } from './files/jsonc-format.ts';
import { createTomlFormat } from './files/toml-format.ts';

/** A row of the table: the client's format depends on the name of the entry. */
type Row = Omit<Client, 'entryName' | 'format'> & { format(entryName: string): EntryFormat };

const mcpServers = (name: string): EntryFormat => createJsoncFormat(['mcpServers', name]);
const startServe = (launcher: string, more: readonly string[]): Record<string, unknown> => ({
  command: launcher,
  args: ['serve', ...more],
});

const join = ({ platform }: Computer, ...parts: string[]): string =>
  (platform === 'win32' ? win32 : posix).join(...parts);
const inHome = (computer: Computer, ...parts: string[]): string => join(computer, computer.homedir, ...parts);
/** `%APPDATA%` · `~/Library/Application Support` · `$XDG_CONFIG_HOME` */
const inAppData = (computer: Computer, ...parts: string[]): string => {
  if (computer.platform === 'win32')
    return join(computer, computer.env['APPDATA'] || inHome(computer, 'AppData', 'Roaming'), ...parts);
  if (computer.platform === 'darwin') return inHome(computer, 'Library', 'Application Support', ...parts);
  return inConfig(computer, ...parts);
};
/** `~/.config` or `$XDG_CONFIG_HOME`, also on macOS, for clients that use it there. */
const inConfig = (computer: Computer, ...parts: string[]): string => {
  const xdg = computer.platform === 'linux' ? computer.env['XDG_CONFIG_HOME'] : undefined;
  return join(computer, xdg && posix.isAbsolute(xdg) ? xdg : inHome(computer, '.config'), ...parts);
};

/** The folders of a Microsoft Store build: Windows redirects its files into its package's folder, whose name ends in a hash of the publisher. */
function storePackages(computer: Computer): string[] {
  if (computer.platform !== 'win32') return [];
  const packages = join(computer, computer.env['LOCALAPPDATA'] || inHome(computer, 'AppData', 'Local'), 'Packages');
  return computer
    .listFolder(packages)
    .flatMap((name) => (name.startsWith('Claude_') ? [join(computer, packages, name)] : []));
}

/** What `claude mcp add` writes unless told otherwise: servers for one project, in the person's own file. */
function claudeProjects(root: Node): string[][] {
  const projects = members(root).find(({ key }) => key === 'projects')?.value;
  return projects?.type === 'object' ? members(projects).map(({ key }) => ['projects', key, 'mcpServers']) : [];
}

/**
 * Where the entry is in OpenCode's file: version 2 keeps servers one level deeper and also reads the old place. The file's present form is
 * kept.
 */
const openCodePath =
  (name: string) =>
  (root: Node | undefined): readonly string[] => {
    const mcp = root === undefined ? undefined : members(root).find((each) => each.key === 'mcp');
    const hasServers =
      mcp !== undefined && members(mcp.value).some((each) => each.key === 'servers' && !isServer(each.value));
    return hasServers ? ['mcp', 'servers', name] : ['mcp', name];
  };
const isServer = (value: Node): boolean =>
  members(value).some((each) => each.key === 'type' && each.value.type === 'string');

const TABLE: readonly Row[] = [
  {
    name: 'claude-desktop',
    title: 'Claude Desktop',
    format: mcpServers,
    entry: startServe,
    files: (computer) => [
      ...storePackages(computer).map((folder) =>
        join(computer, folder, 'LocalCache', 'Roaming', 'Claude', 'claude_desktop_config.json'),
      ),
      inAppData(computer, 'Claude', 'claude_desktop_config.json'),
    ],
    folders: (computer) => [
      ...storePackages(computer),
      ...(computer.platform === 'darwin' ? ['/Applications/Claude.app'] : []),
    ],
    executables: ['claude-desktop'],
    strictJson: true,
    restart: 'quit Claude Desktop and start it again',
  },
  {
    name: 'claude-code',
    title: 'Claude Code',
    format: (name) => createJsoncFormat(['mcpServers', name], claudeProjects),
    entry: startServe,
    files: (computer) => [join(computer, computer.env['CLAUDE_CONFIG_DIR'] || computer.homedir, '.claude.json')],
    folders: (computer) => [inHome(computer, '.claude')],
    executables: ['claude'],
    projectFile: '.mcp.json',
    strictJson: true,
    ownCommand: 'claude',
    restart: 'start Claude Code again',
  },
  {
    name: 'cursor',
    title: 'Cursor',
    format: mcpServers,
    entry: startServe,
    files: (computer) => [inHome(computer, '.cursor', 'mcp.json')],
    folders: (computer) => [
      inAppData(computer, 'Cursor'),
      ...(computer.platform === 'darwin' ? ['/Applications/Cursor.app'] : []),
    ],
    executables: ['cursor', 'cursor-agent'],
    projectFile: '.cursor/mcp.json',
    restart: 'restart Cursor, or switch mcpgate on in its MCP settings',
  },
  {
    name: 'windsurf',
    title: 'Windsurf',
    format: mcpServers,
    entry: startServe,
    files: (computer) => [
      inHome(computer, '.codeium', 'windsurf', 'mcp_config.json'),
      inHome(computer, '.codeium', 'windsurf-next', 'mcp_config.json'),
      computer.platform === 'win32'
        ? inAppData(computer, 'devin', 'mcp_config.json')
        : inHome(computer, '.config', 'devin', 'mcp_config.json'),
    ],
    folders: (computer) => [
      inAppData(computer, 'Windsurf'),
      ...(computer.platform === 'darwin' ? ['/Applications/Windsurf.app'] : []),
    ],
    executables: ['windsurf'],
    strictJson: true,
    restart: 'restart Windsurf, or press Refresh in its MCP settings',
  },
  {
    name: 'vscode',
    title: 'VS Code',
    format: (name) => createJsoncFormat(['servers', name]),
    entry: (launcher, more) => ({ type: 'stdio', ...startServe(launcher, more) }),
    files: (computer) => ['Code', 'Code - Insiders'].map((build) => inAppData(computer, build, 'User', 'mcp.json')),
    folders: () => [],
    executables: ['code', 'code-insiders'],
    projectFile: '.vscode/mcp.json',
    restart: 'VS Code asks whether to trust mcpgate the next time you chat',
  },
  {
    name: 'zed',
    title: 'Zed',
    format: (name) => createJsoncFormat(['context_servers', name]),
    entry: (launcher, more) => ({ source: 'custom', ...startServe(launcher, more) }),
    files: (computer) => [
      computer.platform === 'win32'
        ? inAppData(computer, 'Zed', 'settings.json')
        : inConfig(computer, 'zed', 'settings.json'),
    ],
    folders: () => [],
    executables: ['zed', 'zeditor'],
    projectFile: '.zed/settings.json',
    restart: 'Zed takes it up by itself',
  },
  {
    name: 'codex',
    title: 'Codex',
    format: (name) => createTomlFormat(['mcp_servers', name]),
    entry: startServe,
    files: (computer) => [join(computer, computer.env['CODEX_HOME'] || inHome(computer, '.codex'), 'config.toml')],
    folders: () => [],
    executables: ['codex'],
    projectFile: '.codex/config.toml',
    restart: 'start Codex again',
  },
  {
    name: 'gemini-cli',
    title: 'Gemini CLI',
    format: mcpServers,
    entry: startServe,
    files: (computer) => [inHome(computer, '.gemini', 'settings.json')],
    folders: () => [],
    executables: ['gemini'],
    projectFile: '.gemini/settings.json',
    restart: 'start Gemini CLI again',
  },
  {
    name: 'copilot-cli',
    title: 'Copilot CLI',
    format: mcpServers,
    // Without `tools` the client offers all tools, and the person can choose.
    entry: (launcher, more) => ({ type: 'local', ...startServe(launcher, more) }),
    files: (computer) => [
      join(computer, computer.env['COPILOT_HOME'] || inHome(computer, '.copilot'), 'mcp-config.json'),
    ],
    folders: () => [],
    executables: ['copilot'],
    strictJson: true,
    restart: 'start Copilot CLI again',
  },
  {
    name: 'opencode',
    title: 'OpenCode',
    format: (name) => createJsoncFormat(openCodePath(name)),
    entry: (launcher, more) => ({ type: 'local', command: [launcher, 'serve', ...more] }),
    files: (computer) => openCodeFiles(computer),
    folders: () => [],
    executables: ['opencode'],
    projectFile: 'opencode.json',
    restart: 'start OpenCode again',
  },
];

/** OpenCode reads `.json` and `.jsonc`; the one that exists is used. */
function openCodeFiles(computer: Computer): string[] {
  const base = computer.platform === 'win32' ? inHome(computer, '.config') : inConfig(computer);
  const folder = join(computer, base, 'opencode');
  const names = computer.listFolder(folder).filter((name) => name === 'opencode.json' || name === 'opencode.jsonc');
  return [join(computer, folder, names.toSorted().at(-1) ?? 'opencode.json')];
}

/** `profile`: whose entry; undefined: the one that serves whichever profile was chosen. */
export const clientsOf = (profile: string | undefined): readonly Client[] =>
  TABLE.map((row) => {
    const entryName = entryNameFor(profile);
    return { ...row, entryName, format: row.format(entryName) };
  });

export const CLIENTS: readonly Client[] = clientsOf(undefined);

export const findClient = (name: string): Client | undefined => CLIENTS.find((client) => client.name === name);
