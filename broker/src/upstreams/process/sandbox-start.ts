// Starts a server in a sandbox of bubblewrap: namespaces of its own, a file system that is read-only but for its home, no capabilities.
//
// bwrap and setpriv run as root where the broker does. So they get a clean environment, and nothing of the server's record: its environment
// (LD_PRELOAD, PATH), folder and command are read by the shell that they become, which runs as the server's uid by then. The shell reads them at
// a descriptor, and so does bwrap read its mounts, because other users of the computer can read arguments.
import { GateError } from 'mcpgate-shared/error';
import type { ProcessStart } from './process-start.ts';
import { foldersBetween, isWithin } from './reachable.ts';
import type { Layer } from './sandbox-view.ts';

export interface SandboxTools {
  bwrap: string;
  /** Undefined where the broker is not root, and the kernel maps its user into the sandbox. */
  setpriv: string | undefined;
}

export interface SandboxRequest {
  /** The server's name, for people who look at the processes of the computer. */
  server: string;
  layers: readonly Layer[];
  /** Undefined: the broker's own user. */
  uid: number | undefined;
  network: 'full' | 'none';
  cwd: string;
  env: Readonly<Record<string, string>>;
  program: string;
  args: readonly string[];
}

const SHELL = '/bin/sh';
const CLEAN_PATH = '/usr/bin:/bin:/usr/sbin:/sbin';
/** Runs the script at descriptor 3, which sets the environment and makes the command `$@`. */
const ENTER = 'eval "$(cat <&3)"; exec 3<&-; exec "$@"';
/** Size of each file system in memory (/tmp, /dev/shm); what is in them counts as no process's memory. */
const TMPFS_BYTES = 256 * 1024 * 1024;

export function sandboxStart(tools: SandboxTools, request: SandboxRequest): Omit<ProcessStart, 'outOfReach'> {
  const { uid, server } = request;
  const drop =
    tools.setpriv === undefined || uid === undefined
      ? []
      : [
          tools.setpriv,
          ...[`--reuid=${uid}`, `--regid=${uid}`, '--clear-groups', '--no-new-privs'],
          ...['--inh-caps=-all', '--ambient-caps=-all', '--bounding-set=-all', '--'],
        ];
  return {
    program: tools.bwrap,
    args: ['--args', '4', '--', ...drop, SHELL, '-c', ENTER, `mcpgate: ${server}`],
    env: { PATH: CLEAN_PATH },
    cwd: '/',
    uid: undefined,
    feeds: [enterScript(request), `${mountArguments(request, drop.length > 0).join('\0')}\0`],
    isSandboxed: true,
  };
}

function mountArguments({ layers, network }: SandboxRequest, hasRoot: boolean): string[] {
  const size = ['--size', String(TMPFS_BYTES)];
  const mount = ({ kind, path }: Layer, index: number): string[] => [
    // A cover is empty, and folders that bwrap makes in it by itself are closed to everybody but root.
    ...madeFolders(layers.slice(0, index), path).flatMap((folder) => ['--perms', '0755', '--dir', folder]),
    ...mounted(kind, path),
  ];
  const mounted = (kind: Layer['kind'], path: string): string[] => {
    if (kind === 'home' || kind === 'write') return ['--bind', path, path];
    if (kind === 'show') return ['--ro-bind', path, path];
    if (kind === 'blank') return ['--ro-bind', '/dev/null', path];
    return path === '/tmp' ? ['--perms', '1777', ...size, '--tmpfs', path] : ['--perms', '0755', '--tmpfs', path];
  };
  const covers = layers.filter(({ kind, path }) => kind === 'cover' && path !== '/tmp');
  return [
    '--die-with-parent',
    ...['--unshare-pid', '--unshare-ipc', '--unshare-uts', '--unshare-cgroup-try'],
    ...(network === 'none' ? ['--unshare-net'] : []),
    ...['--ro-bind', '/', '/', '--dev', '/dev', '--proc', '/proc'],
    ...['--perms', '1777', ...size, '--tmpfs', '/dev/shm'],
    ...layers.flatMap(mount),
    ...covers.flatMap(({ path }) => ['--remount-ro', path]),
    ...['--cap-drop', 'ALL'],
    ...(hasRoot ? ['SETUID', 'SETGID', 'SETPCAP'].flatMap((name) => ['--cap-add', `CAP_${name}`]) : []),
  ];
}

/** The folders between a cover and `target`, which do not exist in the cover. */
function madeFolders(layers: readonly Layer[], target: string): string[] {
  const below = layers.findLast(({ path }) => isWithin(target, path));
  if (below?.kind !== 'cover') return [];
  return foldersBetween(below.path, target).filter((folder) => folder !== below.path);
}

/** The script for `ENTER`, for any POSIX shell. Throws `upstream` where a name or text cannot stand in it. */
function enterScript({ cwd, env, program, args }: SandboxRequest): string {
  return [
    `cd -- ${quoted(cwd)} || exit 126`,
    'unset PATH PWD OLDPWD',
    'umask 077',
    ...Object.entries(env).map(exportLine),
    `set -- ${[program, ...args].map(quoted).join(' ')}`,
  ].join('\n');
}

function exportLine([name, value]: [string, string]): string {
  assertShellName(name);
  return `export ${name}=${quoted(value)}`;
}

/** Throws `upstream` naming a variable that a shell would not pass on. */
export function assertShellName(name: string): void {
  if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) return;
  throw new GateError(
    'upstream',
    `the environment variable ${JSON.stringify(name)} cannot be given to a server that is kept apart: its name must be of letters, digits and _`,
  );
}

function quoted(text: string): string {
  if (text.includes('\0')) throw new GateError('upstream', 'a NUL in its command, arguments or environment');
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
