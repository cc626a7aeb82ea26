// The paths of mcpgate's files on this computer. Environment, platform and home folder are parameters; only the last function reads the real ones.
import { homedir, tmpdir } from 'node:os';
import { posix, win32 } from 'node:path';
import { chosenProfile, DEFAULT_PROFILE } from './profile.ts';
import { sha256Hex } from './sha256-hex.ts';

export interface Paths {
  /** The folder of what all profiles share: the launcher, the backups of clients' files, the name of the chosen profile. */
  configDir: string;
  /** The name of the profile that all paths below are of. */
  profile: string;
  /** The folder of the profile: settings, device key, log, copies. That of the profile without a name is `configDir`. */
  profileDir: string;
  /** The folder (0700) of socket, lock and local secret. */
  runtimeDir: string;
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
  /** Names the profile, by the configuration folder; the one without a name unless given. */
  profileIn?: (configDir: string) => string;
}

function defaultConfigDir({ env, platform, homedir }: PathEnvironment): string {
  if (platform === 'win32') return win32.join(env['APPDATA'] || win32.join(homedir, 'AppData', 'Roaming'), 'mcpgate');
  if (platform === 'darwin') return posix.join(homedir, 'Library', 'Application Support', 'mcpgate');
  const base = env['XDG_CONFIG_HOME'];
  return posix.join(base && posix.isAbsolute(base) ? base : posix.join(homedir, '.config'), 'mcpgate');
}

/**
 * A short name that no other folder has: the socket of one profile must never be that of another, whoever chose their names. 24 hex digits of
 * SHA-256, because macOS leaves no room for more.
 */
const nameOf = (folder: string): string => sha256Hex(folder).slice(0, 24);

export function resolvePaths(environment: PathEnvironment): Paths {
  const { env, platform, uid } = environment;
  const join = (...parts: string[]) => (platform === 'win32' ? win32 : posix).join(...parts);
  const configDir = env['MCPGATE_CONFIG_DIR'] || defaultConfigDir(environment);
  const profile = environment.profileIn?.(configDir) ?? DEFAULT_PROFILE;
  const ofProfile = (folder: string) => (profile === DEFAULT_PROFILE ? folder : join(folder, 'profiles', profile));
  const profileDir = ofProfile(configDir);
  const ownRuntimeDir = env['MCPGATE_RUNTIME_DIR'];
  let runtimeDir = ownRuntimeDir ? ofProfile(ownRuntimeDir) : join(profileDir, 'run');
  if (platform !== 'win32' && join(runtimeDir, 'daemon.sock').length > SOCKET_PATH_MAX) {
    runtimeDir = join(environment.tmpdir, `mcpgate-${uid ?? 0}-${nameOf(runtimeDir)}`);
  }
  const isWindows = platform === 'win32';
  return {
    configDir,
    profile,
    profileDir,
    runtimeDir,
    socketPath: isWindows ? `\\\\.\\pipe\\mcpgate-${nameOf(runtimeDir)}` : join(runtimeDir, 'daemon.sock'),
    localKeyPath: join(runtimeDir, 'local.key'),
    lockPath: join(runtimeDir, 'daemon.lock'),
    configPath: join(profileDir, 'config.json'),
    daemonLogPath: join(profileDir, 'daemon.log'),
    cacheDir: join(profileDir, 'cache'),
  };
}

/** Whether the configuration folder is not the platform's default, so that launchers must pass it on. */
export const isConfigDirCustom = ({ env, platform }: Pick<PathEnvironment, 'env' | 'platform'>): boolean =>
  Boolean(env['MCPGATE_CONFIG_DIR'] || (platform === 'linux' && env['XDG_CONFIG_HOME']));

/**
 * The paths of the person who runs this process. The profile is `wanted`, else that of MCPGATE_PROFILE, else the one that `mcpgate use` chose.
 * `home`: the home folder, where it is not that of this process. Throws `usage` where that is no name, and `config` where the choice cannot be read.
 */
export function systemPaths(
  env: Readonly<Record<string, string | undefined>>,
  wanted?: string,
  home = homedir(),
): Paths {
  const { platform } = process;
  const profileIn = (configDir: string) => chosenProfile(configDir, wanted ?? (env['MCPGATE_PROFILE'] || undefined));
  return resolvePaths({ env, platform, homedir: home, uid: process.getuid?.(), tmpdir: tmpdir(), profileIn });
}
