// Commands that print a value, as git's credential helpers do: `op read …`, `aws secretsmanager …`, `gcloud secrets …`, `az keyvault …`. No shell, no
// more of the broker's environment than the configuration says, and only commands that it lists word for word: an administrator chooses one of these,
// and gets no shell on the broker's host by it.
import { spawn } from 'node:child_process';
import type { Clock } from 'mcpgate-shared/clock';
import { splitCommand } from 'mcpgate-shared/entries/split-command';
import { GateError } from 'mcpgate-shared/error';
import { fileFault } from 'mcpgate-shared/file-fault';
import type { SourceSettings } from '../../config/source-settings.ts';
import { DEFAULT_WORKSPACE } from '../../domain/workspace.ts';
import { isLike } from './allowed.ts';
import { MAX_VALUE_BYTES, oneValue } from './one-value.ts';
import type { Source, Wanted } from './source.ts';

const REFRESH_EVERY_MS = 5 * 60_000;
/** What programs need to find themselves and their own settings. */
const ALWAYS = ['PATH', 'HOME', 'USER', 'LOGNAME', 'LANG', 'LC_ALL', 'TMPDIR', 'TZ'];

export function createCommandSource(
  settings: Pick<SourceSettings, 'commands' | 'commandEnv' | 'commandTimeoutMs'>,
  surroundings: { env: Readonly<Record<string, string | undefined>>; clock: Clock },
): Source {
  const env = Object.fromEntries(
    Object.entries(surroundings.env).filter(
      ([name]) => ALWAYS.includes(name) || settings.commandEnv.some((pattern) => isLike(name, pattern)),
    ),
  );
  const running = new Set<AbortController>();

  function words({ workspaceId, text }: Wanted): [string, ...string[]] {
    const [program, ...args] = splitCommand(text);
    if (program === undefined || text.includes('\0')) throw new GateError('usage', 'there is no program in it');
    if (workspaceId !== DEFAULT_WORKSPACE)
      throw new GateError('forbidden', 'commands are for secrets of the workspace default alone');
    if (settings.commands.some((allowed) => isAllowed([program, ...args], allowed))) return [program, ...args];
    throw new GateError(
      'forbidden',
      `sources.commands of the broker's configuration does not allow this command: whoever runs the broker must add it there, word for word`,
    );
  }

  /** Its output, or why there is none. */
  async function run([program, ...args]: readonly [string, ...string[]]): Promise<Buffer> {
    const ended = new AbortController();
    running.add(ended);
    try {
      return await new Promise<Buffer>((resolve, reject) => {
        const fail = (text: string, cause?: unknown): void =>
          reject(new GateError('unavailable', `${program} ${text}`, { cause }));
        // A process group of its own, so that what it has started ends with it.
        const child = spawn(program, args, { env, cwd: '/', stdio: ['ignore', 'pipe', 'ignore'], detached: true });
        const kill = (): void => {
          if (child.pid === undefined) return;
          try {
            process.kill(-child.pid, 'SIGKILL');
          } catch (error) {
            // The group is gone already.
            if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
          }
        };
        const cancel = surroundings.clock.after(settings.commandTimeoutMs, () => {
          fail(
            `printed nothing that ended within ${settings.commandTimeoutMs / 1000} s, and was ended (sources.command_timeout)`,
          );
          kill();
        });
        ended.signal.addEventListener('abort', () => {
          fail('was ended with the broker');
          kill();
        });
        const chunks: Buffer[] = [];
        let length = 0;
        child.stdout.on('data', (chunk: Buffer) => {
          length += chunk.length;
          chunks.push(chunk);
          if (length <= MAX_VALUE_BYTES + 2) return;
          fail(`printed more than ${MAX_VALUE_BYTES} bytes, and was ended: that is no secret`);
          kill();
        });
        child.once('error', (error) => {
          cancel();
          fail(`could not be started: ${fileFault(error)}`, error);
        });
        child.once('close', (code, signal) => {
          cancel();
          kill();
          if (code === 0) resolve(Buffer.concat(chunks));
          else fail(`ended with ${signal ?? `exit code ${code}`}: run it as the broker's user to see what it says`);
        });
      });
    } finally {
      running.delete(ended);
    }
  }

  return {
    everyMs: REFRESH_EVERY_MS,
    mayBeTold: true,
    check: (wanted) => void words(wanted),
    async read(wanted) {
      const command = words(wanted);
      const printed = await run(command);
      const value = oneValue(printed, `what ${command[0]} printed`);
      if (!/[\r\n]/.test(value)) return value;
      throw new GateError(
        'unavailable',
        `${command[0]} printed more than one line: a command prints the value, and nothing else, on one line`,
      );
    },
    close() {
      for (const each of running) each.abort();
    },
  };
}

/** As the configuration has it, word for word. What a `*` stands for alone must not be taken for an option. */
function isAllowed(words: readonly string[], allowed: readonly string[]): boolean {
  return (
    words.length === allowed.length &&
    words.every((word, index) => {
      const pattern = allowed[index] ?? '';
      return isLike(word, pattern) && !(pattern === '*' && (word === '' || word.startsWith('-')));
    })
  );
}
