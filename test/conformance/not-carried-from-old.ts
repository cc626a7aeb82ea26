// What clients of 2026-07-28 cannot be shown where a server of before is behind mcpgate: the direct way asks one that speaks both.
import type { NotCarried } from './not-carried.ts';

const old = {
  legs: ['mcp', 'serve'],
  upstreams: ['http-old'],
} as const;

/** By scenario, the checks that only a server with the tasks extension passes. */
const OF_TASKS: Readonly<Record<string, readonly string[]>> = {
  'tasks-lifecycle': [
    'sep-2663-result-type-task-on-create',
    'sep-2663-tasks-get-status-working',
    'sep-2663-tasks-get-status-completed',
    'sep-2663-tool-error-uses-completed-status',
    'sep-2663-tasks-get-status-failed',
    'sep-2663-cancel-ack-empty-result',
    'tasks-cancel-terminal-idempotent-ack',
  ],
  'tasks-capability-negotiation': ['tasks-extension-advertised', 'tasks-per-request-meta-opt-in'],
  'tasks-wire-fields': [
    'tasks-wire-field-renames',
    'tasks-no-early-ttl-expiry',
    'tasks-no-related-task-meta-on-inlined-result',
  ],
  'tasks-request-state-removal': ['tasks-create-result-no-request-state', 'tasks-get-detailed-no-request-state'],
  'tasks-mrtr-input': [
    'sep-2663-tasks-get-status-input-required',
    'tasks-mrtr-tasks-update-resumes',
    'tasks-mrtr-partial-fulfillment',
  ],
  'tasks-request-headers': [
    'sep-2663-routing-headers-accepted-on-tasks-get',
    'sep-2663-server-rejects-mismatched-mcp-name-on-tasks-get',
  ],
  'tasks-dispatch-and-envelope': [
    'tasks-server-directed-creation-no-hint',
    'sep-2663-durable-create-strong-consistency',
  ],
  'tasks-required-task-error': [
    'sep-2663-server-returns-missing-capability-when-required',
    'sep-2663-server-returns-missing-capability-data-shape',
  ],
  'tasks-mrtr-composition': ['sep-2663-mrtr-synchronous-before-task-creation'],
};

/** By scenario, the checks that look for the server's own name of a question. */
const OF_QUESTIONS: Readonly<Record<string, readonly string[]>> = {
  'input-required-result-basic-elicitation': ['sep-2322-elicitation-incomplete', 'sep-2322-elicitation-complete'],
  'input-required-result-basic-sampling': [],
  'input-required-result-basic-list-roots': [],
  'input-required-result-request-state': [],
  'input-required-result-multiple-input-requests': [
    'sep-2322-multiple-inputs-incomplete',
    'sep-2322-multiple-inputs-complete',
  ],
  'input-required-result-multi-round': [],
  'input-required-result-missing-input-response': [],
  'input-required-result-non-tool-request': [],
  'input-required-result-result-type': [],
  'input-required-result-tampered-state': [],
  'input-required-result-capability-check': [],
  'input-required-result-validate-input': [],
};

export const NOT_CARRIED_FROM_OLD: readonly NotCarried[] = [
  {
    ...old,
    scenario: 'server-stateless',
    checks: ['sep-2575-server-rejects-undeclared-capability', 'sep-2575-missing-capability-http-400'],
    differences: /^server\/discover .*io\.modelcontextprotocol\/tasks|^tools\/call .*"test_missing_capability"/,
    reason:
      'a server of before knows neither the error for a capability that a request does not declare nor the tasks extension: it answers in words, and offers none',
  },
  ...Object.entries(OF_TASKS).map(([scenario, checks]) => ({
    ...old,
    scenario,
    checks,
    differences:
      /^tasks\/(get|update|cancel) |^tools\/call .*"name":"(slow_compute|failing_job|protocol_error_job|confirm_delete|multi_input|test_tool_with_task)"/,
    reason: 'tasks are an extension of 2026-07-28: a server of before has none, and its tools answer without',
  })),
  ...Object.entries(OF_QUESTIONS).map(([scenario, checks]) => ({
    ...old,
    scenario,
    checks,
    differences: /^(tools\/call|prompts\/get) .*"name":"test_input_required_result_/,
    reason:
      'a server of before asks one thing after the other, and has no names for what it asks: mcpgate calls them q1, q2, …, and its call waits under a requestState of mcpgate’s',
  })),
];
