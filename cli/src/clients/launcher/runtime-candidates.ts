// Places where the launcher looks for Node and mcpgate. Upgrades may move the ones that wrote the launcher, and AI clients start it without the PATH
// of a shell.
import { realpathSync } from 'node:fs';
import { posix, win32 } from 'node:path';
import type { ClientDeps } from '../client-deps.ts';

export interface RuntimeCandidates {
  /** Node executables, best first. */
  readonly nodes: readonly string[];
  /** Patterns for Node executables with one `*` for the version; the newest one is used. */
  readonly versionedNodes: readonly string[];
  /** `bin/mcpgate.cjs` of installations, best first. */
  readonly scripts: readonly string[];
  /** Patterns as in `versionedNodes`, where globally installed packages are in the folder of a Node version. */
  readonly versionedScripts: readonly string[];
  /** `mcpgate` executables of package managers, as the last resort. */
  readonly commands: readonly string[];
}

const SCRIPT = 'node_modules/mcpgate/bin/mcpgate.cjs';

export function runtimeCandidates(
  deps: Pick<ClientDeps, 'platform' | 'homedir' | 'env' | 'nodePath' | 'scriptPath'>,
): RuntimeCandidates {
  return deps.platform === 'win32' ? onWindows(deps) : onUnix(deps);
}

function onUnix({
  homedir,
  nodePath,
  scriptPath,
}: Pick<ClientDeps, 'homedir' | 'nodePath' | 'scriptPath'>): RuntimeCandidates {
  const home = (...parts: string[]): string => posix.join(homedir, ...parts);
  const prefixes = [
    '/opt/homebrew',
    '/usr/local',
    '/usr',
    home('.local'),
    home('.npm-global'),
    '/home/linuxbrew/.linuxbrew',
  ];
  const stable = [
    ...[
      '/opt/homebrew/bin/node',
      '/usr/local/bin/node',
      '/usr/bin/node',
      '/home/linuxbrew/.linuxbrew/bin/node',
      '/snap/bin/node',
    ],
    ...[
      home('.volta/bin/node'),
      home('.local/bin/node'),
      home('.asdf/shims/node'),
      home('.local/share/mise/shims/node'),
    ],
    home('.local/share/fnm/aliases/default/bin/node'),
  ];
  const versions = [
    home('.nvm/versions/node/*'),
    home('.local/share/fnm/node-versions/*/installation'),
    home('.local/share/mise/installs/node/*'),
  ];
  return {
    nodes: unique([stableAlias(nodePath, stable), nodePath, ...stable]),
    versionedNodes: versions.map((prefix) => `${prefix}/bin/node`),
    scripts: unique([scriptPath, ...prefixes.map((prefix) => posix.join(prefix, 'lib', SCRIPT))]),
    versionedScripts: [
      ...versions.map((prefix) => `${prefix}/lib/${SCRIPT}`),
      home('.volta/tools/image/packages/mcpgate/lib', SCRIPT),
      home('.local/share/pnpm/global/*', SCRIPT),
      home('Library/pnpm/global/*', SCRIPT),
    ],
    commands: [...prefixes.map((prefix) => posix.join(prefix, 'bin/mcpgate')), home('.volta/bin/mcpgate')],
  };
}

function onWindows({
  env,
  homedir,
  nodePath,
  scriptPath,
}: Pick<ClientDeps, 'homedir' | 'env' | 'nodePath' | 'scriptPath'>): RuntimeCandidates {
  const appData = env['APPDATA'] || win32.join(homedir, 'AppData', 'Roaming');
  const programs = env['ProgramFiles'] || 'C:\\Program Files';
  return {
    nodes: unique([nodePath, win32.join(programs, 'nodejs', 'node.exe'), win32.join(programs, 'Volta', 'node.exe')]),
    versionedNodes: [],
    scripts: unique([
      scriptPath,
      win32.join(appData, 'npm', ...SCRIPT.split('/')),
      win32.join(programs, 'nodejs', ...SCRIPT.split('/')),
    ]),
    versionedScripts: [],
    commands: [],
  };
}

/** A stable path that leads to `nodePath`, e.g. `/opt/homebrew/bin/node` for a file in a versioned Cellar folder. */
function stableAlias(nodePath: string, stable: readonly string[]): string {
  const real = resolved(nodePath);
  return stable.find((candidate) => real !== undefined && resolved(candidate) === real) ?? nodePath;
}

function resolved(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    // The path does not exist or cannot be read, so it is no alias.
    return undefined;
  }
}

const unique = (all: readonly string[]): string[] => [...new Set(all)];
