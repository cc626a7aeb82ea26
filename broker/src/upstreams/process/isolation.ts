// Process isolation: what keeps a server that the broker starts apart from the broker and from other servers. It is a sandbox where one can be
// made; else, where the broker is root, a uid of the server's own; else nothing. Which of them is found out once, by trying. A server never
// starts as root, nor with less isolation than its record and the configuration ask for: its start fails then.
import { statSync } from 'node:fs';
import path from 'node:path';
import { GateError } from 'mcpgate-shared/error';
import type { ProcessIsolation } from 'mcpgate-shared/api/servers';
import { probeSandbox } from './probe-sandbox.ts';
import type { ProcessStart } from './process-start.ts';
import { findCommand, findTool, SYSTEM_PATH } from './find-program.ts';
import { assertShellName, sandboxStart, type SandboxTools } from './sandbox-start.ts';
import { createView, namedBelowTmp, unseenIn, type Layer, type Unseen } from './sandbox-view.ts';
import { assertWritableApart } from './writable-folders.ts';

export interface IsolationOptions {
  isRoot: boolean;
  /** Absolute, without links. */
  dataDir: string;
  /** `off`: none is tried; `required`: nothing starts without one. */
  sandbox: 'auto' | 'required' | 'off';
  /** Folders of the configuration that servers may read although they are closed to other users, or covered in the sandbox. */
  readable: readonly string[];
  /** Folders that servers may write in as well. */
  writable: readonly string[];
  /** Files of the broker outside of its data folder that no server may read, and folders with all that is in them. */
  secretFiles: readonly string[];
  /** The home of the broker's own user. */
  userHome: string | undefined;
  /** Where the broker finds programs. */
  path: string;
  /** Where bwrap is looked for. */
  toolPath: string;
}

export interface IsolatedRequest {
  server: string;
  home: string;
  uid: number | undefined;
  command: string;
  network: 'full' | 'none';
  /** Absolute. */
  cwd: string;
  /** The whole environment of the server. */
  env: Readonly<Record<string, string>>;
  /** The words of the record's command and arguments, which may be paths. */
  words: readonly string[];
  /** The program to start, and its arguments: the command, or the launcher that sets its limits. */
  program: string;
  args: readonly string[];
}

export interface Isolator {
  readonly kind: ProcessIsolation;
  /** Why there is no sandbox; null where there is one. */
  readonly noSandbox: string | null;
  /** Throws `upstream` with one line that names what cannot be reached or kept, and what to do. */
  start(request: IsolatedRequest): Promise<ProcessStart>;
}

/** What a sandbox shows of /run: parts of the operating system. The rest of /run is sockets of other programs. */
const SHOWN_OF_RUN = [
  'systemd/resolve',
  'NetworkManager',
  'resolvconf',
  'nscd',
  'current-system',
  'wrappers',
  'opengl-driver',
];

export async function createIsolator(options: IsolationOptions): Promise<Isolator> {
  const tried = await toolsFor(options);
  const tools = 'missing' in tried ? undefined : tried;
  const noSandbox = 'missing' in tried ? tried.missing : null;
  const setpriv = findTool('setpriv', SYSTEM_PATH);
  const kind: ProcessIsolation = tools !== undefined ? 'sandbox' : options.isRoot ? 'uid' : 'none';

  const refuse = (server: string, why: string): GateError =>
    new GateError('upstream', `server ${server} did not start: ${why}`);

  function assertKept({ server, network, uid }: IsolatedRequest): void {
    if (options.isRoot && uid === undefined) throw refuse(server, 'it has no uid of its own, and nothing runs as root');
    if (tools !== undefined) return;
    if (options.sandbox === 'required')
      throw refuse(server, `stdio.sandbox of the configuration wants a sandbox, and there is none: ${noSandbox}`);
    if (network === 'none')
      throw refuse(
        server,
        `its record says that it has no network, which only a sandbox keeps, and there is none: ${noSandbox}`,
      );
  }

  async function layersFor({ uid, home, words }: IsolatedRequest): Promise<Layer[]> {
    if (tools === undefined) return [];
    // A link may have changed since the start of the broker.
    assertWritableApart(options);
    const ownPrograms = options.isRoot ? [] : programFolders(options);
    return await createView({
      uid,
      home,
      covered: ['/tmp', '/run', ...coveredHome(options)],
      shown: [
        ...SHOWN_OF_RUN.map((name) => `/run/${name}`),
        ...options.readable,
        ...ownPrograms,
        ...namedBelowTmp(words),
      ],
      writable: options.writable,
      secretFolders: [options.dataDir, ...options.secretFiles.filter(isFolder)],
      secretFiles: options.secretFiles.filter((each) => !isFolder(each)),
    });
  }

  return {
    kind,
    noSandbox,
    async start(request) {
      const { server, home, uid, command, cwd, env, program, args } = request;
      assertKept(request);
      const layers = await layersFor(request);
      const unseen = async (target: string) => await unseenIn(layers, uid, target);
      const assertSeen = async (what: string, target: string): Promise<void> => {
        const why = await unseen(target);
        if (why !== undefined) throw refuse(server, inWords(what, target, why));
      };
      const inWords = (what: string, target: string, { at, why }: Unseen): string => {
        const below = at === target ? '' : `, and ${what} ${target} lies below it`;
        const who = uid === undefined ? 'it' : `uid ${uid}, which it runs as`;
        const state = why === 'hidden' ? `its sandbox hides ${at}` : `${at} is closed to ${who}`;
        if (what === 'its home')
          return `${state}${below}; move the broker's data folder to one that others may enter (--data), or chmod o+x ${at}`;
        const where = 'move it to where every user may read it, such as /usr/local or /opt';
        if (tools !== undefined)
          return `${state}${below}; ${where}, or name the folder in stdio.readable of the configuration`;
        return `${state}${below}; ${where}, or install bubblewrap and name the folder in stdio.readable of the configuration`;
      };

      await assertSeen('its home', home);
      await assertSeen('its working directory', cwd);
      const isOpen = async (file: string): Promise<boolean> => (await unseen(file)) === undefined;
      const found = await findCommand(command, env['PATH'] ?? '', cwd, isOpen);
      if (found.kind === 'none')
        throw refuse(server, `command ${command} was not found; install it or register its full path`);
      if (found.kind === 'closed') await assertSeen('its command', found.file);

      let outOfReach: string | undefined;
      for (const word of request.words.filter((each) => path.isAbsolute(each))) {
        const why = await unseen(word);
        if (why !== undefined) outOfReach ??= inWords('its argument', word, why);
      }
      if (tools === undefined) return { ...plain(request, setpriv), outOfReach };
      const sandboxed = sandboxStart(tools, { server, layers, uid, network: request.network, cwd, env, program, args });
      return { ...sandboxed, outOfReach };
    },
  };
}

/** The start of a server without a sandbox. Where it has a uid of its own, setuid programs (sudo, su) give it no rights. */
function plain(
  { server, program, args, env, cwd, uid }: IsolatedRequest,
  setpriv: string | undefined,
): Omit<ProcessStart, 'outOfReach'> {
  const rest = { env, uid, feeds: [], isSandboxed: false };
  if (uid === undefined) return { program, args, cwd, ...rest };
  for (const name of Object.keys(env)) assertShellName(name);
  // `spawn` would enter the working directory as root, and the server may have made it a link since it was checked. So a shell, which runs as the
  // server, enters it.
  const entered = ['/bin/sh', '-c', ENTER, `mcpgate: ${server}`, cwd, program, ...args];
  const [first = program, ...others] = setpriv === undefined ? entered : [setpriv, '--no-new-privs', '--', ...entered];
  return { program: first, args: others, cwd: '/', ...rest };
}

/** Enters the folder, and runs the server without the variables that the shell has set itself. */
const ENTER = 'cd -- "$1" || exit 126; shift; unset PWD OLDPWD; exec "$@"';

async function toolsFor(options: IsolationOptions): Promise<SandboxTools | { missing: string }> {
  if (options.sandbox === 'off') return { missing: 'stdio.sandbox of the configuration is off' };
  return await probeSandbox(options);
}

const FOLDERS_OF_SYSTEM = ['/', '/usr', '/bin', '/sbin', '/lib', '/etc', '/opt', '/dev', '/proc', '/sys'];

/** The home of the broker's own user is covered for servers that run as the same user. */
function coveredHome({ isRoot, userHome }: IsolationOptions): string[] {
  return isRoot || userHome === undefined || FOLDERS_OF_SYSTEM.includes(userHome) ? [] : [userHome];
}

/** The folders of programs on the broker's PATH, which may be in the home of its user, and are shown in a sandbox. */
function programFolders({ path: searchPath }: IsolationOptions): string[] {
  const folders = [path.dirname(process.execPath), ...searchPath.split(path.delimiter)].filter((each) =>
    path.isAbsolute(each),
  );
  return folders.flatMap((folder) =>
    path.basename(folder) === 'bin' ? [folder, path.join(path.dirname(folder), 'lib')] : [folder],
  );
}

function isFolder(target: string): boolean {
  return statSync(target, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
