// Finds out whether a sandbox can be made on this computer, by making one: kernels, containers and distributions refuse namespaces in many ways.
import { spawn } from 'node:child_process';
import { findTool, SYSTEM_PATH } from './find-program.ts';
import { FIRST_UID } from './server-uids.ts';
import { feed } from './process-start.ts';
import { sandboxStart, type SandboxTools } from './sandbox-start.ts';

const DEADLINE_MS = 15_000;

/** `toolPath`: where bwrap is looked for. */
export async function probeSandbox(options: {
  isRoot: boolean;
  dataDir: string;
  toolPath: string;
}): Promise<SandboxTools | { missing: string }> {
  const bwrap = findTool('bwrap', options.toolPath);
  if (bwrap === undefined) return { missing: '`bwrap` was not found (install bubblewrap)' };
  const setpriv = options.isRoot ? findTool('setpriv', SYSTEM_PATH) : undefined;
  if (options.isRoot && setpriv === undefined) return { missing: '`setpriv` was not found (install util-linux)' };
  const tools = { bwrap, setpriv };
  const failure = await tryOut(tools, options);
  return failure === undefined ? tools : { missing: `\`bwrap\` makes none here: ${failure}` };
}

/** Makes a sandbox. Returns in one line why it failed; undefined where it did not. */
async function tryOut(
  tools: SandboxTools,
  { isRoot, dataDir }: { isRoot: boolean; dataDir: string },
): Promise<string | undefined> {
  const start = sandboxStart(tools, {
    server: 'probe',
    layers: ['/tmp', '/run', dataDir].map((each) => ({ kind: 'cover', path: each })),
    uid: isRoot ? FIRST_UID : undefined,
    network: 'full',
    cwd: '/',
    env: {},
    program: '/bin/sh',
    // In a PID namespace of its own the shell has a small id.
    args: ['-c', 'test "$$" -lt 10 && test ! -w /usr'],
  });
  const child = spawn(start.program, start.args, {
    cwd: start.cwd,
    env: start.env,
    stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'pipe'],
    detached: true,
  });
  feed(child, start.feeds);
  let said = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(0, 500)));
  return await new Promise((resolve) => {
    const timer = setTimeout(() => child.kill('SIGKILL'), DEADLINE_MS);
    child.once('error', (error) => {
      clearTimeout(timer);
      resolve(error.message);
    });
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      const line = said.trim().split('\n')[0] ?? '';
      resolve(code === 0 ? undefined : line === '' ? `it ended with ${signal ?? `exit code ${code}`}` : line);
    });
  });
}
