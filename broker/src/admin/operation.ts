// An operation: an endpoint of the administration with the function that carries it out. The input is checked by the endpoint's schemas before that.
// Operations know nothing of HTTP.
import { plainIssue } from 'mcpgate-shared/api/plain-issue';
import type { Endpoint } from 'mcpgate-shared/api/endpoint';
import { GateError } from 'mcpgate-shared/error';
import type { z } from 'zod';
import { may, type ApiRole } from 'mcpgate-shared/api/roles';
import type { WebVisitor } from '../identity/browser/web-access.ts';
import type { BrowserSignIn } from '../identity/sign-in/sign-in.ts';
import type { Principal } from '../domain/people/principal.ts';
import { DEFAULT_WORKSPACE } from '../domain/workspace.ts';
import type { AuditEvent } from '../domain/call-record.ts';
import type { Actor } from '../domain/people/receipt.ts';

/** Who asks for an operation. `principal` is set for people and grants; not for administration tokens, nor on the socket. */
export interface Caller {
  actor: Actor;
  role: ApiRole;
  /** The workspace that the request is about. */
  workspaceId: string;
  /** The caller's own workspace. Only for administrators of the first workspace can the two differ. */
  homeWorkspaceId: string;
  credential: { kind: Principal['credential']['kind'] | 'admin-token' | 'socket'; id: string; label: string };
  principal?: Principal;
  /** When the credential ends by itself, ms since the epoch; undefined: never. */
  expiresAt?: number | undefined;
  /** The person in this browser has long not shown who they are. */
  isStale?: boolean;
  /** Set where a page in the person's browser asks. */
  browser?: {
    csrfToken: string;
    /** Ms since the epoch; null: a reverse proxy signs the person in. */
    expiresAt: number | null;
    /** Ends the sign-in. `continueAt`: where the browser signs out at the IdP too. Throws `conflict` where it is not the broker's to end. */
    signOut(): Promise<{ continueAt: string | null; setCookie: string }>;
    visitor: WebVisitor;
    /** The session behind the cookie. Throws `conflict` where a reverse proxy signs the person in. */
    session(): Promise<BrowserSignIn>;
    /** The header that keeps the proof that the person has shown anew who they are. */
    keepProof(proof: string): string;
  };
}

/** The entity tags of an `If-Match` or `If-None-Match` that is not `*`. Proxies that compress answers make weak ones of ours. */
export const tagsIn = (header: string): readonly string[] =>
  header.split(',').map((tag) => tag.trim().replace(/^W\//, ''));

/** What is of the whole broker is for those of the first workspace alone. `why`: said to the others. Throws `forbidden`. */
export function assertAtHome({ homeWorkspaceId }: Pick<Caller, 'homeWorkspaceId'>, why: string): void {
  if (homeWorkspaceId !== DEFAULT_WORKSPACE) throw new GateError('forbidden', why);
}

/** Throws `reauthenticate` where the person in this browser has to show anew who they are before they do this. */
export function assertFresh({ isStale }: Pick<Caller, 'isStale'>): void {
  if (isStale !== true) return;
  throw new GateError(
    'reauthenticate',
    'this needs you to show once more that it is you: POST /api/v1/session/reauthenticate, or the page /reauthenticate',
  );
}

/** What the log says of something that the caller has done in the workspace that the request is about. */
export function eventBy(
  { workspaceId, actor }: Pick<Caller, 'workspaceId' | 'actor'>,
  { type, subject, data }: Pick<AuditEvent, 'type' | 'subject' | 'data'>,
): AuditEvent {
  return { workspace_id: workspaceId, type, actor: actor.name, subject, address: actor.address, data };
}

/** The name of the person whose own devices and grants the caller may see and change; undefined for administrators, who may do so for everybody. */
export function ownerFor({ role, principal }: Caller): string | undefined {
  if (may(role, 'others_things')) return undefined;
  if (principal?.user === undefined) throw new GateError('forbidden', 'a token has no devices, sessions or grants');
  return principal.user.name;
}

/** The name of the person whose own devices, sessions and grants are all that the caller may see; undefined for those who may see everybody's. */
export function seenOwnerFor(caller: Caller): string | undefined {
  return may(caller.role, 'see_others') ? undefined : ownerFor(caller);
}

/** A part of a list, and where the list goes on; `next` undefined: this was the last part. */
export class Page {
  readonly items: readonly unknown[];
  readonly next: string | undefined;

  constructor(items: readonly unknown[], next: string | undefined) {
    this.items = items;
    this.next = next;
  }
}

export interface RawInput {
  params: unknown;
  query: unknown;
  body: unknown;
  /** The request's `If-Match`: what it is meant to change has one of these entity tags, or, with `*`, is there at all. */
  ifMatch?: string | undefined;
  /** The request's `Last-Event-ID`: the last event of a stream that the client has had. */
  lastEventId?: string | undefined;
}

/** What a stream yields once it is known that it can be answered, where its first part may be long in coming. It is sent to nobody. */
export const BEGUN = Symbol('begun');

export interface Operation {
  readonly endpoint: Endpoint;
  /**
   * Carries it out: returns the answer's body, a page of it, or the parts of a stream. Throws `usage` where the input does not fit the schemas. The head of an
   * answer waits for the first part of its stream, or `BEGUN`: what is thrown before it has a status of its own.
   */
  run(input: RawInput, caller: Caller, signal: AbortSignal): Promise<unknown> | AsyncIterable<unknown>;
}

export function operation<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType, A extends z.ZodType>(
  endpoint: Endpoint<P, Q, B, A>,
  run: (
    input: { params: z.output<P>; query: z.output<Q>; body: z.output<B>; ifMatch: string | undefined },
    caller: Caller,
  ) => Promise<z.input<A>>,
): Operation {
  return {
    endpoint,
    run: async (input, caller) => await run({ ...checkInput(endpoint, input), ifMatch: input.ifMatch }, caller),
  };
}

/** Of an endpoint that answers in pages. */
export function pagedOperation<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType, A extends z.ZodType>(
  endpoint: Endpoint<P, Q, B, A>,
  run: (
    input: { params: z.output<P>; query: z.output<Q> },
    caller: Caller,
  ) => Promise<{ items: z.input<A>; next: string | undefined }>,
): Operation {
  return {
    endpoint,
    async run(input, caller) {
      const { items, next } = await run(checkInput(endpoint, input), caller);
      return new Page(Array.isArray(items) ? items : [], next);
    },
  };
}

export function streamOperation<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType, A extends z.ZodType>(
  endpoint: Endpoint<P, Q, B, A>,
  run: (
    input: { params: z.output<P>; query: z.output<Q>; body: z.output<B> },
    caller: Caller,
    signal: AbortSignal,
  ) => AsyncIterable<z.input<A> | typeof BEGUN>,
): Operation {
  return { endpoint, run: (input, caller, signal) => run(checkInput(endpoint, input), caller, signal) };
}

/** Of an endpoint whose answer is bytes or text that goes out as `run` yields it. */
export function rawOperation<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType>(
  endpoint: Endpoint<P, Q, B>,
  run: (
    input: { query: z.output<Q>; lastEventId: string | undefined },
    caller: Caller,
    signal: AbortSignal,
  ) => AsyncIterable<string | typeof BEGUN>,
): Operation {
  return {
    endpoint,
    run: (input, caller, signal) =>
      run({ ...checkInput(endpoint, input), lastEventId: input.lastEventId }, caller, signal),
  };
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
    return key === '' ? plainIssue(issue) : `${key}: ${plainIssue(issue)}`;
  });
  throw new GateError('usage', first.join('; '));
}
