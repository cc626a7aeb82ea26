// What many operations of the OpenAPI document share: headers, ways to sign in, answers that say no.
import type { Endpoint } from 'mcpgate-shared/api/endpoint';
import { ErrorSchema } from 'mcpgate-shared/api/fields';
import { CSRF_HEADER } from 'mcpgate-shared/api/session';
import { WORKSPACE_HEADER } from 'mcpgate-shared/api/workspaces';
import { z } from 'zod';
import { PROBLEM } from '../problem.ts';
import { isRepeatable } from './idempotency.ts';

export type JsonSchema = Record<string, unknown>;

/** Ends the names of shared schemas as requests say them, until it is known whether answers say the same. */
export const OF_INPUT = '@input';

export function toJsonSchema(schema: z.ZodType, io: 'input' | 'output'): JsonSchema {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, {
    ...{ io, unrepresentable: 'any', target: 'draft-2020-12' },
  });
  if (io === 'output') return rest;
  const { $defs = {}, ...own } = JSON.parse(
    JSON.stringify(rest).replaceAll(/"#\/\$defs\/([^"]+)"/g, `"#/$defs/$1${OF_INPUT}"`),
  ) as JsonSchema;
  const named = Object.entries(Object($defs) as JsonSchema).map(([name, each]) => [name + OF_INPUT, each]);
  return { ...own, ...(named.length > 0 && { $defs: Object.fromEntries(named) }) };
}

const inHeader = (name: string, description: string, schema: JsonSchema = {}): JsonSchema => ({
  ...{ name, in: 'header', required: false, description },
  schema: { type: 'string', ...schema },
});

const IF_MATCH = inHeader(
  'If-Match',
  'The ETag of the answer that the change is about, several of them, or `*`: 412 where it is not so any more, and nothing is changed',
);

export const PARAMETERS: Readonly<Record<string, JsonSchema>> = {
  Workspace: inHeader(
    WORKSPACE_HEADER,
    "The workspace that the request is about; left out: the caller's own. Others are for administrators of the workspace `default`",
  ),
  IfMatch: IF_MATCH,
  IfMatchNeeded: { ...IF_MATCH, required: true },
  IfNoneMatch: inHeader('If-None-Match', 'The ETag of what the client has: 304 where it is still so'),
  IdempotencyKey: inHeader(
    'Idempotency-Key',
    'The same for each try of one request: it is carried out once, and answered alike for 24 hours. 422 where the key came with another request, 409 while it is carried out, and where its end is not known',
    { minLength: 1, maxLength: 255 },
  ),
  LastEventId: inHeader(
    'Last-Event-ID',
    'The id of the last event that the client has had: those since are told first',
  ),
};

const header = (description: string, schema: JsonSchema = { type: 'string' }): JsonSchema => ({ description, schema });

export const HEADERS: Readonly<Record<string, JsonSchema>> = {
  RequestId: header('The id of the request, as the log of the broker has it', { type: 'string', format: 'uuid' }),
  RateLimit: header(
    'How many requests are left, and in how many seconds they are all there again: `"requests";r=599;t=60`',
  ),
  RateLimitPolicy: header('How many requests a person or token may make in how many seconds: `"requests";q=600;w=60`'),
  RetryAfter: header('In how many seconds to try again', { type: 'integer' }),
  ETag: header('The entity tag of what is shown, for If-Match and If-None-Match'),
  Link: header('Where the list goes on, with rel="next" (RFC 8288); left out on its last page'),
  NextCursor: header('The same as a value of `cursor`. A page may hold fewer than `limit` although the list goes on'),
  IdempotencyReplayed: header('`true`: it was carried out before, and this is the answer to that'),
};

const headers = (...names: readonly [string, string][]): JsonSchema => ({
  headers: Object.fromEntries(names.map(([name, part]) => [name, { $ref: `#/components/headers/${part}` }])),
});

const REQUEST_ID = ['X-Request-Id', 'RequestId'] as const;
const RATES = [
  ['RateLimit', 'RateLimit'],
  ['RateLimit-Policy', 'RateLimitPolicy'],
] as const;
const RETRY_AFTER = ['Retry-After', 'RetryAfter'] as const;

export const headersOfDone = (endpoint: Endpoint): JsonSchema =>
  headers(
    [...REQUEST_ID],
    ...(endpoint.endsAccess ? [] : RATES.map((each): [string, string] => [...each])),
    ...(hasTag(endpoint) ? ([['ETag', 'ETag']] as [string, string][]) : []),
    ...(endpoint.pages
      ? ([
          ['Link', 'Link'],
          ['X-Next-Cursor', 'NextCursor'],
        ] as [string, string][])
      : []),
    ...(isRepeatable(endpoint) ? ([['Idempotency-Replayed', 'IdempotencyReplayed']] as [string, string][]) : []),
  );

/** Whether the answer has the tag of what it shows, or of what it has changed. */
const hasTag = ({ etag, tagged, edits, method }: Endpoint): boolean =>
  etag !== undefined || tagged !== undefined || (edits !== undefined && method !== 'DELETE');

const refusal = (description: string, ...more: readonly [string, string][]): JsonSchema => ({
  description,
  ...headers([...REQUEST_ID], ...more),
  content: { [PROBLEM]: { schema: { $ref: '#/components/schemas/Error' } } },
});

export const RESPONSES: Readonly<Record<string, JsonSchema>> = {
  NotModified: { description: 'It is as the client has it', ...headers([...REQUEST_ID], ['ETag', 'ETag']) },
  BadRequest: refusal('The request is not as it must be; `error.path` says where, as far as it is known'),
  Unauthorized: refusal('There is no valid sign-in or token'),
  Forbidden: refusal(
    'The caller may not do this; with the code `reauthenticate`: not before they have shown again who they are',
  ),
  NotFound: refusal('It does not exist, or is nothing that the caller may see'),
  Conflict: refusal('It does not fit what is there', [...RETRY_AFTER]),
  Gone: refusal('It is used up or over'),
  PreconditionRequired: refusal('It is only for who says with If-Match what is to be replaced'),
  Stale: refusal('It was changed since it was read, and nothing was changed now: read it again'),
  TooLarge: refusal('It is too large'),
  UnsupportedMediaType: refusal('The body is of another media type than application/json'),
  KeyReused: refusal('The idempotency key is of another request'),
  Throttled: refusal('Too much was asked for', [...RETRY_AFTER], ...RATES.map((each): [string, string] => [...each])),
  OutOfReach: refusal(
    'Something else that is needed for it, such as a server or a registry, cannot be reached or does not answer as it must',
  ),
  Unavailable: refusal('The broker cannot serve now, as while it drains', [...RETRY_AFTER]),
  Problem: refusal('What else went wrong, at the broker or at something that it needs'),
};

const response = (name: string): JsonSchema => ({ $ref: `#/components/responses/${name}` });

/** The answers of an operation beside 200, by their status. */
export function otherAnswers(endpoint: Endpoint, hasBody: boolean): Record<string, JsonSchema> {
  const { method } = endpoint;
  return {
    ...(method === 'GET' && hasTag(endpoint) && { 304: response('NotModified') }),
    400: response('BadRequest'),
    401: response('Unauthorized'),
    403: response('Forbidden'),
    404: response('NotFound'),
    ...(method !== 'GET' && { 409: response('Conflict') }),
    // A stream goes on behind a place, which may be gone.
    ...((method !== 'GET' || endpoint.stream) && { 410: response('Gone') }),
    ...(endpoint.ifMatch !== 'no' && { 412: response('Stale') }),
    ...(endpoint.ifMatch === 'must' && { 428: response('PreconditionRequired') }),
    ...((method !== 'GET' || hasBody) && { 413: response('TooLarge'), 415: response('UnsupportedMediaType') }),
    ...(isRepeatable(endpoint) && { 422: response('KeyReused') }),
    429: response('Throttled'),
    502: response('OutOfReach'),
    503: response('Unavailable'),
    default: response('Problem'),
  };
}

/** The headers that an operation reads. */
export function headersAsked(endpoint: Endpoint): JsonSchema[] {
  const names = [
    'Workspace',
    ...(endpoint.method === 'GET' && hasTag(endpoint) ? ['IfNoneMatch'] : []),
    ...(endpoint.ifMatch === 'may' ? ['IfMatch'] : endpoint.ifMatch === 'must' ? ['IfMatchNeeded'] : []),
    ...(isRepeatable(endpoint) ? ['IdempotencyKey'] : []),
    ...(endpoint.media === 'text/event-stream' ? ['LastEventId'] : []),
  ];
  return names.map((name) => ({ $ref: `#/components/parameters/${name}` }));
}

export const SECURITY_SCHEMES = {
  bearer: {
    type: 'http',
    scheme: 'bearer',
    description: 'An administration token, or an access token of a person for the API',
  },
  browser: {
    type: 'apiKey',
    in: 'cookie',
    name: '__Host-mcpgate',
    description:
      'The cookie of a sign-in at /login, from the pages of the broker alone; over plain http it is `mcpgate`',
  },
  csrf: {
    type: 'apiKey',
    in: 'header',
    name: CSRF_HEADER,
    description: 'The csrf_token of GET /session, beside the cookie, for whatever is no GET',
  },
} as const;

/** What is about the sign-in in a browser, and what only the person before it may do: a token cannot. */
const OF_BROWSERS = /^\/(?:session|me\/(?:tools|password|passkeys))(?:\/|$)/;

export function securityOf({ path, method }: Endpoint): Record<string, string[]>[] {
  const browser = method === 'GET' ? { browser: [] } : { browser: [], csrf: [] };
  return OF_BROWSERS.test(path) ? [browser] : [{ bearer: [] }, browser];
}

const WHO = {
  admin: 'For administrators.',
  operator: 'For operators and administrators.',
  auditor: 'For auditors and administrators.',
  member: "For every person, of what is their own; administrators, of everybody's.",
  anyone: 'For everybody who is signed in, and every token.',
} as const satisfies Record<Endpoint['access'], string>;

export const descriptionOf = (endpoint: Endpoint): string =>
  [
    WHO[endpoint.access],
    ...(endpoint.pages ? ['A list in pages: `x-next-cursor` of one is the `cursor` of the next.'] : []),
    ...(endpoint.endsAccess ? ['It takes access away, so no rate holds it up.'] : []),
    ...(endpoint.stream ? ['A stream: one JSON document a line, until the client hangs up.'] : []),
    ...(endpoint.stream && endpoint.media === undefined
      ? ['Where it breaks off on its way, an Error is its last line.']
      : []),
    ...(endpoint.media === 'text/event-stream'
      ? ['Server-sent events: each `data` is a document of this form, and `event` and `id` are beside it.']
      : []),
  ].join(' ');

export const errorSchema = (): JsonSchema => toJsonSchema(ErrorSchema, 'output');
