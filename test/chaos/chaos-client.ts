// An AI client that notes everything: it launches `mcpgate serve`, asks, and writes down every answer that comes, wanted or not.
import { spawn } from 'node:child_process';
import { hash } from 'node:crypto';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import type { Asked, Received } from './ledger.ts';
import { answerTo, type CallArguments } from './tools.ts';

export interface ChaosClient {
  readonly asked: readonly Asked[];
  readonly received: readonly Received[];
  /** Progress notifications that came for calls under way. */
  readonly progress: number;
  /** Calls that succeeded. */
  readonly ok: number;
  /** Calls without an answer. */
  readonly pending: number;
  /** Resolves when its first answer is there: the answer itself is in `received`. */
  call(args: CallArguments): Promise<Received>;
  stderr(): string;
  /** Ends its stdin, of which `serve` ends by itself; resolves to how: an exit code, or SIGKILL where it had to be killed. */
  close(): Promise<number | string>;
}

const messageSchema = z.object({
  id: z.number().optional(),
  method: z.string().optional(),
  result: z
    .object({ isError: z.boolean().optional(), content: z.array(z.object({ text: z.string() })).optional() })
    .optional(),
  error: z.object({ message: z.string() }).optional(),
});
type Message = z.output<typeof messageSchema>;

const TOLD_CHARS = 300;
/** `serve` is gone within 100 ms of the end of its stdin; a loaded machine takes its time. */
const END_MS = 5_000;

/** Which call an answer is of, by what it says itself. */
function readAnswer({ result, error }: Message, args: CallArguments): Omit<Received, 'token' | 'at'> {
  const whole = error?.message ?? result?.content?.map(({ text }) => text).join('') ?? '';
  const text = whole.slice(0, TOLD_CHARS);
  if (error !== undefined || result?.isError === true)
    return { kind: /outcome is unknown/.test(whole) ? 'unknown' : 'failed', answers: undefined, text };
  const named = /^\w+ ([^;]+);/.exec(whole)?.[1];
  return { kind: 'ok', answers: named === args.token && whole !== answerTo(args) ? undefined : named, text };
}

export async function startChaosClient(options: {
  name: string;
  command: readonly [string, ...string[]];
  env: Record<string, string>;
  cwd: string;
}): Promise<ChaosClient> {
  const [program, ...args] = options.command;
  const child = spawn(program, args, { env: options.env, cwd: options.cwd, stdio: ['pipe', 'pipe', 'pipe'] });
  const asked: Asked[] = [];
  const received: Received[] = [];
  const calls = new Map<number, { args: CallArguments; answered: boolean; resolve: (answer: Received) => void }>();
  let stderr = '';
  let lastId = 0;
  let pending = 0;
  let progress = 0;
  let ok = 0;
  let onHandshake: () => void = () => undefined;
  const exited = new Promise<number | string>((resolve) =>
    child.once('close', (code, signal) => resolve(code ?? signal ?? 'unknown')),
  );
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr = (stderr + text).slice(-20_000)));

  const send = (message: unknown) =>
    void child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...Object(message) })}\n`);

  createInterface({ input: child.stdout }).on('line', (line) => {
    const message = messageSchema.parse(JSON.parse(line));
    if (message.method === 'notifications/progress') progress += 1;
    if (message.method !== undefined || message.id === undefined) return;
    if (message.id === 0) return onHandshake();
    const call = calls.get(message.id);
    const at = Date.now();
    if (call === undefined) {
      const token = `${options.name} id ${message.id}`;
      received.push({ token, at, kind: 'failed', answers: undefined, text: line.slice(0, TOLD_CHARS) });
      return;
    }
    const answer: Received = { token: call.args.token, at, ...readAnswer(message, call.args) };
    received.push(answer);
    if (answer.kind === 'ok') ok += 1;
    if (call.answered) return;
    call.answered = true;
    pending -= 1;
    call.resolve(answer);
  });

  const shaken = new Promise<void>((resolve) => (onHandshake = resolve));
  const clientInfo = { name: options.name, version: '1.0.0' };
  send({ id: 0, method: 'initialize', params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo } });
  await Promise.race([
    shaken,
    exited.then((code) => {
      throw new Error(`mcpgate serve exited ${code} before the handshake:\n${stderr}`);
    }),
  ]);
  send({ method: 'notifications/initialized' });

  return {
    asked,
    received,
    get progress() {
      return progress;
    },
    get ok() {
      return ok;
    },
    get pending() {
      return pending;
    },
    call: (args) =>
      new Promise((resolve) => {
        lastId += 1;
        pending += 1;
        calls.set(lastId, { args, answered: false, resolve });
        const trace = hash('sha256', JSON.stringify(args), 'hex').slice(0, 32);
        asked.push({ token: args.token, client: options.name, tool: args.tool, trace, at: Date.now() });
        const _meta = { progressToken: lastId, traceparent: `00-${trace}-${trace.slice(16)}-01` };
        send({ id: lastId, method: 'tools/call', params: { name: `chaos__${args.tool}`, arguments: args, _meta } });
      }),
    stderr: () => stderr,
    async close() {
      child.stdin.end();
      const timer = setTimeout(() => child.kill('SIGKILL'), END_MS);
      const how = await exited;
      clearTimeout(timer);
      return how;
    },
  };
}
