// `events/stream`: one request that lasts, on which a server tells of events until one of both ends it (Events extension, "Push-Based Delivery").
// Whether the caller may still have them is asked for each thing that is told, and whenever rules or people change.
import { findMember, scanObject } from 'mcpgate-shared/mcp/json-span';
import { ANSWER_META } from 'mcpgate-shared/mcp/protocol-version';
import { RPC_CODE } from 'mcpgate-shared/mcp/rpc-code';
import type { Clock } from 'mcpgate-shared/clock';
import { toGateError } from 'mcpgate-shared/error';
import type { BaseLogger } from 'pino';
import type { Principal } from '../../domain/people/principal.ts';
import type { ServerRecord } from '../../domain/server-record.ts';
import { eventClass, ruleNames } from '../../policy/naming.ts';
import type { CompiledPolicy, Verdict } from '../../policy/verdict.ts';
import { markReservedMembers } from '../call/reserved-text.ts';
import type { PolicyCache } from '../policy-cache.ts';
import { resultReply, type Answer } from '../reply.ts';
import type { Handling } from '../request.ts';
import type { SessionScope } from '../session-scope.ts';

/** How many streams one person has open at one server, and a server has open with everybody: over HTTP each of them takes a connection. */
const MOST_OF_PERSON = 32;
const MOST_OF_SERVER = 192;
/** What is kept of a stream while the rules are read anew; past that it ends, and its client goes on from its cursor. */
const MOST_HELD = 256;
/** `Forbidden` of the extension ("Error Handling"). */
const FORBIDDEN = -32024;

/** What a server may tell on a stream, without `notifications/events/`. */
const TOLD: ReadonlySet<string> = new Set(['active', 'event', 'error', 'heartbeat', 'terminated']);
const HEAD = 'notifications/events/';

interface Parts {
  policies: Pick<PolicyCache, 'get'>;
  clock: Pick<Clock, 'now'>;
  log: Pick<BaseLogger, 'debug'>;
}

/** One stream as its request sees it. */
export interface EventStream {
  /** Aborted where mcpgate ends it. */
  readonly ended: AbortSignal;
  /** The server has told something on it. */
  readonly isOpen: boolean;
  /** The rules by which it is opened. */
  openedUnder(policy: CompiledPolicy): void;
  onStreamed(method: string, paramsText: string): void;
  close(): void;
}

export interface EventStreams {
  /** Undefined: the person, or the server, has too many. `seen`: an event type as the client knows it. */
  open(
    scope: SessionScope,
    handling: Handling,
    of: { server: ServerRecord; rest: string; seen: (own: string) => string },
  ): EventStream | undefined;
  /** The rules have changed. Undefined: those of every workspace may have. */
  policyChanged(workspaceId: string | undefined): void;
  /** The person's role or groups have changed. */
  personChanged(person: NonNullable<Principal['user']>): void;
  /** Ends the streams of servers that have other names now: what is told on them says the former ones. */
  serversRenamed(workspaceId: string, names: ReadonlyMap<string, string>): void;
}

interface Open {
  principal: Principal;
  readonly userKey: string;
  readonly server: ServerRecord;
  /** Whether the caller may have it no more. */
  recheck(): void;
  end(): void;
}

export function createEventStreams(parts: Parts): EventStreams {
  const all = new Set<Open>();

  function hasRoom(userKey: string, { id }: ServerRecord): boolean {
    const there = [...all].filter(({ server }) => server.id === id);
    const own = there.filter((each) => each.userKey === userKey);
    return there.length < MOST_OF_SERVER && own.length < MOST_OF_PERSON;
  }

  return {
    open(scope, handling, { server, rest, seen }) {
      const { userKey } = scope.requester;
      if (!hasRoom(userKey, server)) return undefined;
      const controller = new AbortController();
      const names = ruleNames('events', server.name, rest, eventClass('events/stream'));
      /** What the rules said when it was opened: what somebody has said yes to goes on. */
      let openedUnder: Verdict['decision'] | undefined;
      let isOpen = false;
      /** What was told while the rules were being read. */
      let held: (readonly [method: string, paramsText: string])[] | undefined;

      const decisionUnder = (policy: CompiledPolicy): Verdict['decision'] => {
        const facts = { now: parts.clock.now(), client: scope.client, address: scope.address() };
        return policy.foresee({ principal: stream.principal, server: server.name, names, facts }).decision;
      };
      const tell = (kind: string, members: string): void =>
        handling.tell({
          method: HEAD + kind,
          paramsText: `{"_meta":{"${ANSWER_META.subscriptionId}":${handling.idText}}${members}}`,
        });

      function refuse(): void {
        if (controller.signal.aborted) return;
        const error = { code: FORBIDDEN, message: 'Forbidden', data: { reason: '[mcpgate] access has ended' } };
        tell('terminated', `,"error":${JSON.stringify(error)}`);
        stream.end();
      }

      function pass(method: string, paramsText: string): void {
        const kind = method.slice(HEAD.length);
        if (controller.signal.aborted || !TOLD.has(kind)) return;
        const { members } = scanObject(paramsText, 0, ['_meta']);
        const name = findMember(members, 'name');
        // What the rules were asked about is this type alone.
        if (kind === 'event' && (name === undefined || JSON.parse(paramsText.slice(name.start, name.end)) !== rest))
          return;
        isOpen = true;
        const kept = members
          .filter(({ key }) => key !== '_meta')
          .map(({ key, keyStart, start, end }) => {
            if (key === 'name') return `"name":${JSON.stringify(seen(rest))}`;
            const value = paramsText.slice(start, end);
            return key === 'error' && value.startsWith('{')
              ? `"error":${markReservedMembers(value, ['message'], server.name)}`
              : paramsText.slice(keyStart, end);
          });
        tell(kind, kept.map((each) => `,${each}`).join(''));
        if (kind === 'terminated') stream.end();
      }

      function judge(policy: CompiledPolicy): void {
        const decision = decisionUnder(policy);
        if (decision === 'deny' || (decision === 'ask' && openedUnder !== 'ask')) refuse();
      }

      /** Reads the rules, and passes on what was told meanwhile. */
      function judgeAnew(reading: Promise<CompiledPolicy>): void {
        held ??= [];
        reading
          .then((policy) => {
            judge(policy);
            const late = held ?? [];
            held = undefined;
            for (const each of late) pass(...each);
          })
          .catch((error: unknown) => {
            parts.log.debug({ server: server.name, error: toGateError(error).message }, 'a stream of events ends');
            stream.end();
          });
      }

      const stream: Open = {
        principal: scope.principal,
        ...{ userKey, server },
        recheck() {
          if (controller.signal.aborted) return;
          try {
            const policy = parts.policies.get(server.workspaceId);
            if (policy instanceof Promise) judgeAnew(policy);
            else judge(policy);
          } catch {
            // The broker is deaf: nothing is allowed until it hears again.
            stream.end();
          }
        },
        end: () => controller.abort(),
      };
      all.add(stream);
      return {
        ended: controller.signal,
        get isOpen() {
          return isOpen;
        },
        openedUnder(policy) {
          openedUnder = decisionUnder(policy);
        },
        onStreamed(method, paramsText) {
          if (held === undefined) stream.recheck();
          if (held === undefined) return pass(method, paramsText);
          held.push([method, paramsText]);
          if (held.length > MOST_HELD) stream.end();
        },
        close() {
          controller.abort();
          all.delete(stream);
        },
      };
    },
    policyChanged(workspaceId) {
      for (const each of all) if ((workspaceId ?? each.server.workspaceId) === each.server.workspaceId) each.recheck();
    },
    personChanged(person) {
      for (const each of all) {
        if (each.principal.user?.id !== person.id) continue;
        each.principal = { ...each.principal, user: person };
        each.recheck();
      }
    },
    serversRenamed(workspaceId, names) {
      for (const { server, end } of all) if (server.workspaceId === workspaceId && names.has(server.name)) end();
    },
  };
}

/** The answer with which a stream ends that was open. It says nothing: all that counts was told before it. */
export function streamEnded(idText: string): Answer {
  return resultReply(`{"resultType":"complete","_meta":{"${ANSWER_META.subscriptionId}":${idText}}}`);
}

export const TOO_MANY_STREAMS = {
  code: RPC_CODE.serverError,
  message: `[mcpgate] ${MOST_OF_PERSON} streams of this person, or ${MOST_OF_SERVER} of everybody, are open at this server already; end some`,
} as const;
