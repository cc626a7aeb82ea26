// One developer's laptop inside a world: a HOME of its own, the `mcpgate` command, AI clients.
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { ClientCapabilities } from '@modelcontextprotocol/sdk/types.js';
import { REPOSITORY } from '../../step.ts';
import { startAiClient, type AiClient } from '../clients/ai-client.ts';
import { compileCache } from '../compile-cache.ts';
import { runCommand, startCommand, type Finished, type Running } from '../command.ts';
import { runGateProgram } from '../gate-command.ts';

export interface Person {
  readonly name: string;
  readonly home: string;
  readonly env: Record<string, string>;
  /** Runs `mcpgate ARGS`. */
  gate(
    args: readonly string[],
    options?: { stdin?: string; env?: Record<string, string>; deadlineMs?: number },
  ): Promise<Finished>;
  /** `mcpgate ARGS --json`, read; fails where it does not exit 0. */
  gateJson(args: readonly string[], options?: { env?: Record<string, string> }): Promise<unknown>;
  /** Starts `mcpgate ARGS` and lets it run. */
  start(args: readonly string[], options?: { env?: Record<string, string> }): Running;
  /** An AI client on this laptop. */
  aiClient(options?: {
    name?: string;
    args?: readonly string[];
    env?: Record<string, string>;
    capabilities?: ClientCapabilities;
  }): Promise<AiClient>;
  /** The device-code login with `login --json --no-browser`; `approve` gets the code that the person would type. */
  login(
    broker: string,
    approve: (userCode: string) => Promise<unknown>,
    env?: Record<string, string>,
  ): Promise<{ user: string }>;
  /** Ends what was started here; the daemon is left to the world. */
  close(): Promise<void>;
}

/** Whether a process takes the variable when it starts, so that one which runs already would pass it over. */
const isOfProcess = (variable: string): boolean => /^(?:NODE_(?!COMPILE_CACHE)|LD_|SSL_|TZ$)/.test(variable);

export const GATE = join(REPOSITORY, 'cli/bin/mcpgate.cjs');

export function createPerson(options: { name: string; root: string; env?: Record<string, string> }): Person {
  const home = join(options.root, options.name);
  mkdirSync(home, { mode: 0o700 });
  const clients: AiClient[] = [];
  const running: Running[] = [];
  const base: Record<string, string> = {
    ...compileCache,
    HOME: home,
    PATH: `${dirname(process.execPath)}:/usr/bin:/bin`,
    LANG: 'C.UTF-8',
    NO_COLOR: '1',
    MCPGATE_TOKEN_STORE: 'file',
    MCPGATE_LOG: 'debug',
    ...options.env,
  };
  const command = (args: readonly string[]) => [process.execPath, GATE, ...args] as const;
  const person: Person = {
    name: options.name,
    home,
    env: base,
    gate: (args, { stdin, env, deadlineMs } = {}) =>
      runCommand(command(args), {
        env: { ...base, ...env },
        cwd: home,
        ...(stdin !== undefined && { stdin }),
        ...(deadlineMs !== undefined && { deadlineMs }),
      }),
    async gateJson(args, more = {}) {
      const { code, stdout, stderr } = await person.gate([...args, '--json'], more);
      if (code !== 0) throw new Error(`mcpgate ${args.join(' ')} exited ${code}:\n${stdout}\n${stderr}`);
      return JSON.parse(stdout) as unknown;
    },
    start(args, { env } = {}) {
      const started = startCommand(command(args), { env: { ...base, ...env }, cwd: home });
      running.push(started);
      return started;
    },
    async aiClient({ name, args = [], env, capabilities } = {}) {
      const client = await startAiClient({
        command: [process.execPath, GATE, 'serve', ...args],
        env: { ...base, ...env },
        ...(name !== undefined && { name }),
        ...(capabilities && { capabilities }),
      });
      clients.push(client);
      return client;
    },
    async login(broker, approve, env) {
      const words = ['login', broker, '--json', '--no-browser'];
      const all = { ...base, ...env };
      const onLine = async (line: string): Promise<void> => {
        const [, userCode] = /"user_code":\s*"([^"]+)"/.exec(line) ?? [];
        if (userCode !== undefined) await approve(userCode);
      };
      const { code, stdout, stderr } = Object.keys(all).some(isOfProcess)
        ? await runCommand(command(words), { env: all, cwd: home, onLine })
        : await runGateProgram(words, { env: all, cwd: home, onLine });
      if (code !== 0) throw new Error(`mcpgate login exited ${code}:\n${stdout}\n${stderr}`);
      const [, user = ''] = /"event":\s*"login".*"user":\s*"([^"]+)"/.exec(stdout) ?? [];
      return { user };
    },
    async close() {
      await Promise.allSettled(clients.map((client) => client.close()));
      await Promise.allSettled(running.map((process) => process.stop()));
    },
  };
  return person;
}
