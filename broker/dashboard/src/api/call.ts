// Calls an endpoint of the broker as shared/src/api describes it: path, query, body and answer come from that description and nowhere else.
import type { CallInput, Endpoint } from 'mcpgate-shared/api/endpoint';
import { CSRF_HEADER } from 'mcpgate-shared/api/session';
import { WORKSPACE_HEADER } from 'mcpgate-shared/api/workspaces';
import { z } from 'zod';
import { Problem, type ProblemKind } from './problem.ts';

/** Any endpoint at all. */
export type AnyEndpoint = Endpoint;
export type InputOf<E extends AnyEndpoint> = CallInput<E['params'], E['query'], E['body']>;
export type AnswerOf<E extends AnyEndpoint> = z.output<E['answer']>;

/** What each call carries beside its input. The session's provider sets it (session.tsx), once for the page. */
export interface Caller {
  /** Against requests that another site makes in this person's name. */
  csrfToken: string;
  /** The workspace that is asked about, where it is not the person's own. */
  workspace: string | undefined;
}

type Plain = string | number | boolean;

interface LooseInput {
  params?: Readonly<Record<string, Plain>>;
  query?: Readonly<Record<string, Plain | readonly Plain[] | null | undefined>>;
  body?: unknown;
}

const ErrorSchema = z.object({
  error: z.object({
    code: z.string(),
    message: z.string(),
    path: z.array(z.union([z.string(), z.number()])).optional(),
  }),
});

const KIND_OF_CODE: Readonly<Record<string, ProblemKind>> = {
  not_logged_in: 'unauthenticated',
  forbidden: 'forbidden',
  reauthenticate: 'reauthenticate',
  not_found: 'not_found',
  gone: 'not_found',
  stale: 'stale',
  conflict: 'conflict',
  throttled: 'limited',
  unavailable: 'offline',
  internal: 'broken',
};

function urlOf(endpoint: AnyEndpoint, input: LooseInput): string {
  const path = endpoint.path.replaceAll(/:(\w+)/g, (_, name: string) =>
    encodeURIComponent(String(input.params?.[name] ?? '')),
  );
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(input.query ?? {})) {
    if (value === undefined || value === null) continue;
    for (const each of [value].flat()) query.append(name, String(each));
  }
  return `/api/v1${path}${query.size === 0 ? '' : `?${query.toString()}`}`;
}

async function problemOf(response: Response): Promise<Problem> {
  const text = await response.text();
  const retryAfterS = Number(response.headers.get('retry-after') ?? Number.NaN);
  const facts = { retryAfterMs: Number.isNaN(retryAfterS) ? undefined : retryAfterS * 1000 };
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch (cause) {
    // A proxy before the broker answers pages of its own.
    const kind = response.status >= 502 && response.status <= 504 ? 'offline' : 'broken';
    return new Problem(kind, `The broker answered ${response.status} without saying why.`, { ...facts, cause });
  }
  const parsed = ErrorSchema.safeParse(body);
  if (!parsed.success) return new Problem('broken', `The broker answered ${response.status}.`, facts);
  const { code, message, path } = parsed.data.error;
  return new Problem(KIND_OF_CODE[code] ?? 'refused', message, { ...facts, code, path });
}

export interface CallOptions {
  signal?: AbortSignal | undefined;
  /** The entity tag of what was read: the call fails with `stale` where somebody else has changed it since. */
  ifMatch?: string | undefined;
}

/** Sends the request of a call. Throws a Problem unless the broker says that it is done. */
export async function send(
  caller: Caller,
  endpoint: AnyEndpoint,
  input: LooseInput,
  { signal, ifMatch }: CallOptions = {},
): Promise<Response> {
  const isSafe = endpoint.method === 'GET';
  let response: Response;
  try {
    response = await fetch(urlOf(endpoint, input), {
      method: endpoint.method,
      credentials: 'same-origin',
      // A redirect would be a sign-in page, which is no answer.
      redirect: 'error',
      signal: signal ?? null,
      headers: {
        accept: endpoint.stream ? 'application/x-ndjson' : (endpoint.media ?? 'application/json'),
        ...(input.body !== undefined && { 'content-type': 'application/json' }),
        ...(!isSafe && { [CSRF_HEADER]: caller.csrfToken }),
        ...(caller.workspace !== undefined && { [WORKSPACE_HEADER]: caller.workspace }),
        ...(ifMatch !== undefined && { 'if-match': ifMatch }),
      },
      ...(input.body !== undefined && { body: JSON.stringify(input.body) }),
    });
  } catch (cause) {
    if (signal?.aborted === true) throw cause;
    throw new Problem('offline', 'The broker cannot be reached.', { cause });
  }
  if (!response.ok) throw await problemOf(response);
  return response;
}

/** An answer with what its headers say. */
export interface Answered<T> {
  data: T;
  etag: string | undefined;
  /** Where a list goes on; undefined: it ends here. */
  nextCursor: string | undefined;
}

/** Calls `endpoint` and returns its answer with the headers. Throws a Problem. */
export async function callWithHeaders<E extends AnyEndpoint>(
  caller: Caller,
  endpoint: E,
  input: InputOf<E>,
  options: CallOptions = {},
): Promise<Answered<AnswerOf<E>>> {
  const response = await send(caller, endpoint, input as LooseInput, options);
  const text = await response.text();
  const parsed = endpoint.answer.safeParse(text === '' ? undefined : JSON.parse(text));
  if (!parsed.success) {
    const message =
      'The broker answered something that these pages do not know. It may have been updated: load the page again.';
    throw new Problem('broken', message, { cause: parsed.error });
  }
  return {
    data: parsed.data as AnswerOf<E>,
    etag: response.headers.get('etag') ?? undefined,
    nextCursor: response.headers.get('x-next-cursor') ?? undefined,
  };
}

/** Calls `endpoint` and returns its answer. Throws a Problem. */
export async function call<E extends AnyEndpoint>(
  caller: Caller,
  endpoint: E,
  input: InputOf<E>,
  options: CallOptions = {},
): Promise<AnswerOf<E>> {
  return (await callWithHeaders(caller, endpoint, input, options)).data;
}
