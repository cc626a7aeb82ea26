// The client of the administration's API for commands: calls the running broker over `DATA/admin.sock`, or at `--url` with `MCPGATE_ADMIN_TOKEN`.
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { json, text } from 'node:stream/consumers';
import type { CallInput, Endpoint } from 'mcpgate-shared/api/endpoint';
import { ErrorSchema } from 'mcpgate-shared/api/fields';
import { WORKSPACE_HEADER } from 'mcpgate-shared/api/workspaces';
import { EXIT_CODE, GateError, type ErrorCode } from 'mcpgate-shared/error';
import type { z } from 'zod';
import { Mistake } from '../../domain/mistake.ts';
import { checkTyped, type Parts } from '../terminal/typed-input.ts';
import { networkTransport, socketTransport, type AdminResponse, type AdminTransport } from './admin-transport.ts';

export interface AdminClient {
  call<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType, A extends z.ZodType>(
    endpoint: Endpoint<P, Q, B, A>,
    /** `ifMatch`: the entity tag of what the call is to change. */
    input: CallInput<P, Q, B> & { ifMatch?: string },
  ): Promise<z.output<A>>;
  /** What is shown, with its entity tag for the `ifMatch` of a change. */
  tagged<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType, A extends z.ZodType>(
    endpoint: Endpoint<P, Q, B, A>,
    input: CallInput<P, Q, B>,
  ): Promise<{ answer: z.output<A>; tag: string | undefined }>;
  /** One page of a list. `next`: the cursor of the page after it. */
  page<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType, A extends z.ZodType>(
    endpoint: Endpoint<P, Q, B, A>,
    input: CallInput<P, Q, B>,
  ): Promise<{ items: z.output<A>; next: string | undefined }>;
  /** Throws `unreachable` where the connection ends in the middle. */
  stream<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType, A extends z.ZodType>(
    endpoint: Endpoint<P, Q, B, A>,
    input: CallInput<P, Q, B>,
    /** `silentMs`: a stream that says nothing for so long is taken for a broken one. */
    options?: { silentMs?: number },
  ): AsyncIterable<z.output<A>>;
  /**
   * The bytes of an answer of another media type; the caller must read them to their end. Reading throws `unreachable` where the connection ends in the
   * middle.
   */
  bytes<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType, A extends z.ZodType>(
    endpoint: Endpoint<P, Q, B, A>,
    input: CallInput<P, Q, B>,
  ): Promise<AsyncIterable<Buffer>>;
  close(): Promise<void>;
}

export type AdminTarget =
  { kind: 'socket'; dataDir: string; actor: string } | { kind: 'url'; url: string; token: string };

/** `workspace`: the workspace to administer; left out: the caller's own. */
export function createAdminClient(target: AdminTarget, workspace?: string): AdminClient {
  let opened: Promise<AdminTransport> | undefined;
  const transport = (): Promise<AdminTransport> =>
    (opened ??=
      target.kind === 'socket'
        ? Promise.resolve(socketTransport(join(target.dataDir, 'admin.sock')))
        : networkTransport());
  const origin = target.kind === 'socket' ? 'http://localhost' : new URL(target.url).origin;
  const identification: Record<string, string> = {
    ...(target.kind === 'socket' ? { 'x-mcpgate-actor': target.actor } : { authorization: `Bearer ${target.token}` }),
    ...(workspace !== undefined && { [WORKSPACE_HEADER]: workspace }),
  };

  const send = async (endpoint: Endpoint, input: Parts & { ifMatch?: string }): Promise<AdminResponse> => {
    const { params, query, body, ifMatch } = input;
    checkTyped(endpoint, input);
    const path = endpoint.path.replaceAll(/:(\w+)/g, (_whole, name: string) => {
      const value = textOf(params, name) ?? '';
      // In a path these lead to another endpoint.
      if (['', '.', '..'].includes(value)) throw new GateError('usage', `"${value}" is no ${name}`);
      return encodeURIComponent(value);
    });
    const url = new URL(`/api/v1${path}`, origin);
    for (const [name, value] of Object.entries(query ?? {})) {
      if (value !== undefined) url.searchParams.set(name, String(value));
    }
    let response: AdminResponse;
    try {
      const { send: carry } = await transport();
      response = await carry({
        url,
        method: endpoint.method,
        headers: {
          ...identification,
          accept: endpoint.media ?? 'application/json',
          ...(ifMatch === undefined ? {} : { 'if-match': ifMatch }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    } catch (error) {
      throw unreachable(target, error);
    }
    if (response.status >= 400) throw toError(target, response.status, await text(response.body));
    return response;
  };

  return {
    async call(endpoint, input) {
      const response = await send(endpoint, input);
      const first = await answerOf(endpoint, response);
      let cursor = response.header('x-next-cursor');
      if (cursor === undefined || !Array.isArray(first)) return first;
      // Whoever asks for a list without saying how much of it wants all of it.
      const all: unknown[] = [...(first as unknown[])];
      while (cursor !== undefined) {
        const next = await send(endpoint, { ...input, query: { ...queryOf(input), cursor } });
        const page: unknown = await answerOf(endpoint, next);
        if (Array.isArray(page)) all.push(...(page as unknown[]));
        cursor = next.header('x-next-cursor');
      }
      return endpoint.answer.parse(all);
    },
    async tagged(endpoint, input) {
      const response = await send(endpoint, input);
      return { answer: await answerOf(endpoint, response), tag: response.header('etag') };
    },
    async page(endpoint, input) {
      const response = await send(endpoint, input);
      return { items: await answerOf(endpoint, response), next: response.header('x-next-cursor') };
    },
    async *stream(endpoint, input, { silentMs } = {}) {
      const { body } = await send(endpoint, input);
      let rest = '';
      for await (const chunk of textsOf(body, silentMs)) {
        const lines = (rest + chunk).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) {
          const said: unknown = JSON.parse(line);
          const failed = ErrorSchema.safeParse(said);
          if (failed.success) throw errorOf(failed.data);
          yield endpoint.answer.parse(said);
        }
      }
    },
    bytes: async (endpoint, input) => partsOf<Buffer>((await send(endpoint, input)).body),
    close: async () => await (await opened)?.close(),
  };
}

function hasEnded(error: unknown): GateError {
  const why = error instanceof Error ? error.message : String(error);
  return new GateError('unreachable', `the connection to the broker has ended (${why})`, { cause: error });
}

/** The parts of a body: bytes, or texts where its encoding was set. Throws `unreachable` where it ends before its end. */
async function* partsOf<T>(body: Readable): AsyncGenerator<T> {
  const parts: AsyncIterator<T> = body[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await parts.next().catch((error: unknown) => Promise.reject(hasEnded(error)));
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    body.destroy();
  }
}

/** Throws `unreachable` also where nothing comes for so long. */
async function* textsOf(body: Readable, silentMs: number | undefined): AsyncGenerator<string> {
  body.setEncoding('utf8');
  const silent =
    silentMs === undefined
      ? undefined
      : setTimeout(() => body.destroy(new Error(`nothing for ${silentMs / 1000} s`)), silentMs);
  try {
    for await (const text of partsOf<string>(body)) {
      silent?.refresh();
      yield text;
    }
  } finally {
    clearTimeout(silent);
  }
}

async function answerOf<A extends z.ZodType>(
  endpoint: Pick<Endpoint<z.ZodType, z.ZodType, z.ZodType, A>, 'answer'>,
  response: AdminResponse,
): Promise<z.output<A>> {
  const answer = endpoint.answer.safeParse(await json(response.body).catch(() => undefined));
  if (answer.success) return answer.data;
  throw new GateError(
    'protocol',
    'the broker answered in a form that this command does not know; use the command of the same version',
  );
}

const queryOf = (input: object): object => {
  const query: unknown = Reflect.get(input, 'query');
  return typeof query === 'object' && query !== null ? query : {};
};

function textOf(params: unknown, name: string): string | undefined {
  const value: unknown = typeof params === 'object' && params !== null ? Reflect.get(params, name) : undefined;
  return typeof value === 'string' ? value : undefined;
}

function unreachable(target: AdminTarget, error: unknown): GateError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (target.kind === 'url') {
    return new GateError(
      'unreachable',
      `the broker at ${target.url} cannot be reached (${code || String(error)}); check --url and the network`,
      { cause: error },
    );
  }
  if (code === 'EACCES' || code === 'EPERM') {
    const text = `${target.dataDir}/admin.sock may only be opened by the broker's own user; run this command as that user (sudo -u …)`;
    return new GateError('forbidden', text, { cause: error });
  }
  const text =
    `no broker is running on ${target.dataDir}; start it with \`mcpgate-broker start --data ${target.dataDir}\`, ` +
    'or name the configuration file of the running one with --config (MCPGATE_CONFIG), its folder with --data, or its address with --url';
  return new GateError('unreachable', text, { cause: error });
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(EXIT_CODE, code);
}

function toError(target: AdminTarget, status: number, answer: string): GateError {
  let value: unknown;
  try {
    value = JSON.parse(answer);
  } catch {
    value = undefined;
  }
  const parsed = ErrorSchema.safeParse(value);
  if (!parsed.success) {
    const where = target.kind === 'url' ? target.url : `${target.dataDir}/admin.sock`;
    if (status >= 502 && status <= 504)
      return new GateError('unavailable', `${where}: what stands before the broker cannot reach it (HTTP ${status})`);
    return new GateError('protocol', `${where} is no mcpgate broker, or not of this version (HTTP ${status})`);
  }
  const { code, message } = parsed.data.error;
  // The broker's message is mostly for people who logged in. Where the token is no administration token, that is what to say.
  const isOther = code === 'not_logged_in' && target.kind === 'url' && !target.token.startsWith('mca_');
  const told = isOther ? 'MCPGATE_ADMIN_TOKEN holds no administration token (mca_…)' : message;
  return errorOf(parsed.data, told);
}

function errorOf({ error }: z.output<typeof ErrorSchema>, told = error.message): GateError {
  const code = isErrorCode(error.code) ? error.code : 'internal';
  return error.path === undefined ? new GateError(code, told) : new Mistake(code, told, error.path);
}
