// What a way through mcpgate cannot show, or must not, with the reason. An entry excuses a difference; it does not hide it: the table marks it.
import type { LegName, UpstreamKind } from './legs.ts';
import { NOT_PASSED } from './auth/not-passed.ts';
import { NOT_CARRIED_FROM_OLD } from './not-carried-from-old.ts';

export interface NotCarried {
  readonly legs: readonly LegName[];
  readonly scenario: string;
  /** Only in these sets; in any unless given. */
  readonly sets?: readonly string[];
  /** Only with one of these behind mcpgate; with any unless given. */
  readonly upstreams?: readonly UpstreamKind[];
  /** The checks that pass directly, or should pass where mcpgate alone is judged, and need not pass here. */
  readonly checks: readonly string[];
  /** What else may be said here: matches the line that says so. */
  readonly differences?: RegExp;
  readonly reason: string;
}

export const NOT_CARRIED: readonly NotCarried[] = [
  {
    legs: ['mcp'],
    scenario: 'server-sse-multiple-streams',
    checks: ['server-sse-streams-functional'],
    reason:
      'the suite counts answers that are event streams; an answer that is there within five seconds, with nothing to say before it, is one JSON object (2025-11-25, transports: either is right)',
  },
  {
    legs: ['mcp'],
    scenario: 'server-sse-polling',
    checks: ['server-sse-priming-event', 'server-sse-retry-field', 'server-sse-disconnect-resume'],
    reason:
      'a stream that the server ends early is a matter between it and mcpgate, which goes back for the answer; the AI client gets it at once, in one piece',
  },
  {
    legs: ['serve'],
    scenario: 'server-sse-polling',
    checks: ['server-sse-priming-event', 'server-sse-retry-field', 'server-sse-disconnect-resume'],
    reason: 'stdio has no stream that a server could end early: the HTTP in front of `serve` is the tests’ own',
  },
  {
    legs: ['serve'],
    scenario: 'http-custom-header-server-validation',
    checks: [
      'sep-2243-server-reject-invalid-param-chars',
      'sep-2243-server-reject-param-mismatch',
      'sep-2243-server-validate-param-match',
    ],
    differences: /^tools\/call .*-32020/,
    reason: 'stdio has no headers: the HTTP in front of `serve` is the tests’ own and does not know the tools’ schemas',
  },
  ...['resources-subscribe', 'resources-unsubscribe'].map((scenario) => ({
    legs: ['mcp', 'serve'] as const,
    scenario,
    checks: [],
    differences: /^not heard here: .*"notifications\/resources\/updated"/,
    reason:
      'sessions that share a connection share its subscription: while one of another scenario still follows the resource, the server is not asked again, and the conformance server tells only who asks',
  })),
  {
    legs: ['mcp', 'serve'],
    scenario: 'tasks-dispatch-and-envelope',
    checks: [],
    differences: /^tasks\/get .*"code":-32602.*there is no task .* of yours/,
    reason:
      'a task that is not the caller’s is no server’s matter: mcpgate refuses it with the same code, in its own words',
  },
  {
    legs: ['mcp', 'serve'],
    scenario: 'sep-2322-client-request-state',
    checks: [],
    differences: /test_mrtr_no_result_type.*no-result-type-test-ok/,
    reason:
      'the server leaves out `resultType`: clients must take that for `complete` (2026-07-28, Result); mcpgate does, the client that talks to the server directly refuses',
  },
  ...NOT_CARRIED_FROM_OLD,
  ...NOT_PASSED,
];

/** Why this way need not show what the scenario asks for; undefined where it has to, or where something else is missing, too. */
export function whyNotCarried(
  { set, scenario, upstream }: { set: string; scenario: string; upstream: UpstreamKind },
  leg: LegName,
  lost: readonly string[],
  differences: readonly string[],
): string | undefined {
  return NOT_CARRIED.find(
    (entry) =>
      entry.legs.includes(leg) &&
      entry.upstreams?.includes(upstream) !== false &&
      entry.sets?.includes(set) !== false &&
      entry.scenario === scenario &&
      lost.every((check) => entry.checks.includes(check)) &&
      differences.every((line) => entry.differences?.test(line) === true),
  )?.reason;
}
