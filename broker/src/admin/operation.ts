// An endpoint with what it does: input is checked on the way in, and nothing about HTTP is known here.
import type { Endpoint } from 'mcpgate-shared/api/endpoint';
import { GateError } from 'mcpgate-shared/error';
import type { z } from 'zod';
import type { Principal } from '../domain/principal.ts';

/** Who asks. `principal` is there for callers over TCP only; the socket is the operator of the host. */
export interface Caller {
  actor: { name: string; address: string | null };
  workspaceId: string;
  principal?: Principal;
}

export interface RawInput {
  params: unknown;
  query: unknown;
  body: unknown;
}

export interface Operation {
  readonly endpoint: Endpoint;
  /** The answer's body, or the lines of a stream. Throws `usage` where the input does not fit. */
  run(input: RawInput, caller: Caller, signal: AbortSignal): Promise<unknown> | AsyncIterable<unknown>;
}

export function operation<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType, A extends z.ZodType>(
  endpoint: Endpoint<P, Q, B, A>,
  run: (input: { params: z.output<P>; query: z.output<Q>; body: z.output<B> }, caller: Caller) => Promise<z.input<A>>,
): Operation {
  return { endpoint, run: async (input, caller) => await run(checkInput(endpoint, input), caller) };
}

export function streamOperation<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType, A extends z.ZodType>(
  endpoint: Endpoint<P, Q, B, A>,
  run: (
    input: { params: z.output<P>; query: z.output<Q>; body: z.output<B> },
    caller: Caller,
    signal: AbortSignal,
  ) => AsyncIterable<z.input<A>>,
): Operation {
  return { endpoint, run: (input, caller, signal) => run(checkInput(endpoint, input), caller, signal) };
}

function checkInput<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType>(
  endpoint: Endpoint<P, Q, B>,
  input: RawInput,
): { params: z.output<P>; query: z.output<Q>; body: z.output<B> } {
  return {
    params: check(endpoint.params, input.params ?? {}),
    query: check(endpoint.query, input.query ?? {}),
    body: check(endpoint.body, input.body ?? undefined),
  };
}

function check<S extends z.ZodType>(schema: S, value: unknown): z.output<S> {
  const checked = schema.safeParse(value);
  if (checked.success) return checked.data;
  const first = checked.error.issues.slice(0, 3).map((issue) => {
    const key = issue.path.map(String).join('.');
    if (issue.code === 'unrecognized_keys') return `unknown field ${issue.keys.map((name) => `"${name}"`).join(', ')}`;
    return key === '' ? issue.message : `${key}: ${issue.message}`;
  });
  throw new GateError('usage', first.join('; '));
}
