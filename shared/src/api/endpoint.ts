// The description of one endpoint of `/api/v1`. The broker serves it, the commands call it, and the OpenAPI document is generated from it.
import { z } from 'zod';
import type { Access } from './roles.ts';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

export interface Endpoint<
  Params extends z.ZodType = z.ZodType,
  Query extends z.ZodType = z.ZodType,
  Body extends z.ZodType = z.ZodType,
  Answer extends z.ZodType = z.ZodType,
> {
  /** The operationId of the OpenAPI document: camelCase, and never changed. */
  readonly name: string;
  readonly method: Method;
  /** The path below `/api/v1`, with `:param` parts. */
  readonly path: string;
  readonly summary: string;
  readonly access: Access;
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  /** The schema of the answer's body; of a stream, of one line. */
  readonly answer: Answer;
  /** The entity tag of what the answer shows. Requests that change it may say `If-Match`, and fail with `stale` where it was changed. */
  readonly etag: ((answer: z.output<Answer>) => string) | undefined;
  /** What is shown has an entity tag: of all members of the answer but these, which change by themselves. */
  readonly tagged: { readonly without: readonly string[] } | undefined;
  /** The name of the endpoint that shows what this one changes: `If-Match` names the tag of that. */
  readonly edits: string | undefined;
  /** Whether a request says with `If-Match` what it is to change. One that says so where it may not is refused, and not carried out as if it had not. */
  readonly ifMatch: 'must' | 'may' | 'no';
  /** True: it takes access away from somebody. No rate limit holds it up. */
  readonly endsAccess: boolean;
  /** True: the answer is `application/x-ndjson`, one `answer` a line, until the caller hangs up. */
  readonly stream: boolean;
  /** True: the answer is one page of a list, and the headers `Link` and `x-next-cursor` say where it goes on. */
  readonly pages: boolean;
  /** The media type of an answer that is bytes: what the operation yields goes out as it is, and `answer` says nothing. */
  readonly media: string | undefined;
}

const NOTHING = z.strictObject({});
const NO_BODY = z.undefined();

/**
 * Fills in what an endpoint leaves out: no parameters, no query, no body, administrators only, one JSON document; `If-Match` where it says what it `edits`.
 * One that compares tags itself says `ifMatch`.
 */
export function endpoint<
  Answer extends z.ZodType,
  Params extends z.ZodType = typeof NOTHING,
  Query extends z.ZodType = typeof NOTHING,
  Body extends z.ZodType = typeof NO_BODY,
>(definition: {
  name: string;
  method: Method;
  path: string;
  summary: string;
  access?: Access;
  params?: Params;
  query?: Query;
  body?: Body;
  answer: Answer;
  etag?: (answer: z.output<Answer>) => string;
  tagged?: { without: readonly string[] };
  edits?: string;
  ifMatch?: 'must' | 'may';
  endsAccess?: boolean;
  stream?: boolean;
  pages?: boolean;
  media?: string;
}): Endpoint<Params, Query, Body, Answer> {
  return {
    name: definition.name,
    method: definition.method,
    path: definition.path,
    summary: definition.summary,
    access: definition.access ?? 'admin',
    // The defaults of the type parameters are the types of these values: they hold whenever the property was left out.
    params: definition.params ?? (NOTHING as unknown as Params),
    query: definition.query ?? (NOTHING as unknown as Query),
    body: definition.body ?? (NO_BODY as unknown as Body),
    answer: definition.answer,
    etag: definition.etag,
    tagged: definition.tagged,
    edits: definition.edits,
    ifMatch: definition.ifMatch ?? (definition.edits === undefined ? 'no' : 'may'),
    endsAccess: definition.endsAccess ?? false,
    stream: definition.stream ?? false,
    pages: definition.pages ?? false,
    media: definition.media,
  };
}

type Part<Key extends string, T> = undefined extends T
  ? { [K in Key]?: T }
  : Record<never, never> extends T
    ? { [K in Key]?: T }
    : { [K in Key]: T };

/** The arguments of a call of an endpoint. A part (params, query, body) with required fields is required itself. */
export type CallInput<Params extends z.ZodType, Query extends z.ZodType, Body extends z.ZodType> = Part<
  'params',
  z.input<Params>
> &
  Part<'query', z.input<Query>> &
  Part<'body', z.input<Body>>;
