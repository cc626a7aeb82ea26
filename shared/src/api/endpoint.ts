// One endpoint of `/api/v1`, described once: the broker serves it, the commands call it, and the OpenAPI document is written from it.
import { z } from 'zod';
import type { Access } from './roles.ts';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

export interface Endpoint<
  Params extends z.ZodType = z.ZodType,
  Query extends z.ZodType = z.ZodType,
  Body extends z.ZodType = z.ZodType,
  Answer extends z.ZodType = z.ZodType,
> {
  /** Stable, camelCase: the operationId of the OpenAPI document. */
  readonly name: string;
  readonly method: Method;
  /** Below `/api/v1`, with `:param` parts. */
  readonly path: string;
  readonly summary: string;
  readonly access: Access;
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  /** The answer's body; for a stream, one line of it. */
  readonly answer: Answer;
  /** True: the answer is `application/x-ndjson`, one `answer` a line, until the caller hangs up. */
  readonly stream: boolean;
}

const NOTHING = z.strictObject({});
const NO_BODY = z.undefined();

/** Fills in what an endpoint leaves out: no parameters, no query, no body, administrators only, one JSON document. */
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
  stream?: boolean;
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
    stream: definition.stream ?? false,
  };
}

type Part<Key extends string, T> = undefined extends T
  ? { [K in Key]?: T }
  : Record<never, never> extends T
    ? { [K in Key]?: T }
    : { [K in Key]: T };

/** What a caller gives: the parts that have required fields are required. */
export type CallInput<Params extends z.ZodType, Query extends z.ZodType, Body extends z.ZodType> = Part<
  'params',
  z.input<Params>
> &
  Part<'query', z.input<Query>> &
  Part<'body', z.input<Body>>;
