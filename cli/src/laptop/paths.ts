// The paths of mcpgate's files on this computer. Environment, platform and home folder are parameters; only the last function reads the real ones.
import { homedir, tmpdir } from 'node:os';
import { posix, win32 } from 'node:path';

export interface Paths {
  configDir: string;
  /** True: `configDir` is not the platform's default, so launchers must pass it on. */
  configDirIsCustom: boolean;
  /** The folder (0700) of socket, lock and local secret. */
  runtimeDir: string;
  runtimeDirIsCustom: boolean;
  /** The daemon's Unix socket, or its named pipe on Windows. */
  socketPath: string;
  /** The local secret: 32 random bytes in a file of mode 0600, which both ends of the local socket must know. */
  localKeyPath: string;
  lockPath: string;
  /** The settings, `config.json`. */
  configPath: string;
  daemonLogPath: string;
  /** The folder of last known copies of lists, for times when the broker is away. */
  cacheDir: string;
  /** The script that AI clients start. */
  launcherPath: string;
}

/** The longest path of a Unix socket: 104 bytes on macOS (108 on Linux) with the final zero. */
const SOCKET_PATH_MAX = 103;

export interface PathEnvironment {
  env: Readonly<Record<string, string | undefined>>;
  platform: NodeJS.Platform;
  homedir: string;
  /** The numeric user id; undefined on Windows. */
  uid: number | undefined;
  tmpdir: string;
}

function defaultConfigDir({ env, platform, homedir }: PathEnvironment): string {
  if (platform === 'win32') return win32.join(env['APPDATA'] || win32.join(homedir, 'AppData', 'Roaming'), 'mcpgate');
  if (platform === 'darwin') return posix.join(homedir, 'Library', 'Application Support', 'mcpgate');
  const base = env['XDG_CONFIG_HOME'];
  return posix.join(base && posix.isAbsolute(base) ? base : posix.join(homedir, '.config'), 'mcpgate');
}

/** An FNV-1a hash, to make short names that differ by folder. Security does not depend on it. */
function shortHash(text: string): string {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, '0');
}

export function resolvePaths(environment: PathEnvironment): Paths {
  const { env, platform, uid } = environment;
  const join = (...parts: string[]) => (platform === 'win32' ? win32 : posix).join(...parts);
  const standard = defaultConfigDir(environment);
  const configDir = env['MCPGATE_CONFIG_DIR'] || standard;
  let runtimeDir = env['MCPGATE_RUNTIME_DIR'] || join(configDir, 'run');
  if (platform !== 'win32' && join(runtimeDir, 'daemon.sock').length > SOCKET_PATH_MAX) {
    runtimeDir = join(environment.tmpdir, `mcpgate-${uid ?? 0}-${shortHash(runtimeDir)}`);
  }
  const isWindows = platform === 'win32';
  return {
    configDir,
    configDirIsCustom:
      platform === 'linux' ? Boolean(env['MCPGATE_CONFIG_DIR'] || env['XDG_CONFIG_HOME']) : configDir !== standard,
    runtimeDir,
    runtimeDirIsCustom: Boolean(env['MCPGATE_RUNTIME_DIR']),
    socketPath: isWindows ? `\\\\.\\pipe\\mcpgate-${shortHash(runtimeDir)}` : join(runtimeDir, 'daemon.sock'),
    localKeyPath: join(runtimeDir, 'local.key'),
    lockPath: join(runtimeDir, 'daemon.lock'),
    configPath: join(configDir, 'config.json'),
    daemonLogPath: join(configDir, 'daemon.log'),
    cacheDir: join(configDir, 'cache'),
    launcherPath: join(configDir, 'bin', isWindows ? 'mcpgate.cmd' : 'mcpgate'),
  };
}

/** The paths of the person who runs this process. */
export function systemPaths(env: Readonly<Record<string, string | undefined>>): Paths {
  const { platform } = process;
  return resolvePaths({ env, platform, homedir: homedir(), uid: process.getuid?.(), tmpdir: tmpdir() });
}
