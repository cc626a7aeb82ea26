// What mcpgate itself says to a client: denials, failures of its own, and JSON-RPC framing around texts of others.
import type { ErrorCode, GateError } from 'mcpgate-shared/error';
import { RPC_CODE } from 'mcpgate-shared/rpc-code';
import { toldOutside } from '../domain/told-outside.ts';
import { quoteForeign } from '../upstreams/quote-foreign.ts';
import { inWorkspace } from '../domain/workspace.ts';
import type { Verdict } from '../policy/decide.ts';

export function resultMessage(idText: string, resultText: string): string {
  return `{"jsonrpc":"2.0","id":${idText},"result":${resultText}}`;
}

export function errorMessage(idText: string, errorText: string): string {
  return `{"jsonrpc":"2.0","id":${idText},"error":${errorText}}`;
}

export function errorObject(code: number, message: string): string {
  return JSON.stringify({ code, message });
}

export interface Denial {
  verdict: Verdict;
  policyVersion: number;
  server: string;
  /** As rules name it, never cut: `SERVER__TOOL`, `resource:URI`, `prompt:SERVER__NAME`. */
  what: string;
  /** Who was denied, as rules name them: `user:ada` or `grant:ci`. */
  who: string;
  workspaceId: string;
}

/** What could not be carried out: `name` of its server, empty where that is not known. */
export interface Failed {
  name: string;
  workspaceId: string;
}

/** The tool result of a denied call. */
export function denialResult(denial: Denial): string {
  return JSON.stringify({
    content: [{ type: 'text', text: denialText(denial) }],
    isError: true,
    _meta: { 'mcpgate/decision': decisionOf(denial) },
  });
}

/** The JSON-RPC error object of everything else that is denied. */
export function denialError(denial: Denial): string {
  const data = { 'mcpgate/decision': decisionOf(denial) };
  return JSON.stringify({ code: RPC_CODE.denied, message: denialText(denial), data });
}

function decisionOf({ verdict, policyVersion, server, what }: Denial): object {
  return { decision: verdict.decision, rule: verdict.rule, policy_version: policyVersion, server, tool: what };
}

function denialText(denial: Denial): string {
  const { verdict, server, who } = denial;
  // A tool's name is its server's: it must not end our sentence and begin another.
  const what = /^[\w./:+-]{1,200}$/.test(denial.what) ? denial.what : quoteForeign(denial.what);
  const rule = verdict.rule === null ? 'Rule: none' : `Rule: ${verdict.rule}`;
  const ask =
    verdict.rule === 'grant-bound'
      ? `To ask for access: send your administrator this; they can issue a grant with --server ${server}.`
      : verdict.rule === null
        ? `To ask for access: send your administrator this; they can run: mcpgate-broker rule add --allow --who ${who} --what ${what}${inWorkspace(denial.workspaceId)}`
        : `To ask for access: send your administrator the rule's name and ${what}.`;
  const verb = what.startsWith('resource:') || what.startsWith('prompt:') ? 'use' : 'call';
  return `[mcpgate denied] ${who} may not ${verb} ${what}: ${verdict.reason}. ${rule}. ${ask} Do not try again until it is granted.`;
}

/** The tool result of a call that mcpgate could not carry out. */
export function failureResult(error: GateError, failed: Failed): string {
  return JSON.stringify({
    content: [{ type: 'text', text: failureText(error, failed) }],
    isError: true,
    _meta: { 'mcpgate/error': machineForm(error, failed) },
  });
}

/** The JSON-RPC error object of everything else that mcpgate could not carry out. */
export function failureError(error: GateError, failed: Failed): string {
  const data = { 'mcpgate/error': machineForm(error, failed) };
  return JSON.stringify({ code: RPC_CODE.failed, message: failureText(error, failed), data });
}

function machineForm({ code, data }: GateError, failed: Failed): object {
  const retryAfterMs = code === 'throttled' ? data?.['retryAfterMs'] : undefined;
  return { code, server: failed.name, ...(typeof retryAfterMs === 'number' && { retry_after_ms: retryAfterMs }) };
}

function failureText(error: GateError, { name, workspaceId }: Failed): string {
  const advice: string = ADVICE[error.code];
  const where = advice.includes('mcpgate-broker') ? inWorkspace(workspaceId) : '';
  return `[mcpgate] ${toldOutside(error)}. ${advice.replaceAll('SERVER', name)}${where}`.trim();
}

const RETRY = 'Try again; if it stays, ask your administrator to run: mcpgate-broker server test SERVER';
const REPORT = 'Try again; if it stays, tell your administrator.';

const ADVICE = {
  usage: 'Correct the arguments.',
  config: 'Ask your administrator to run: mcpgate-broker server show SERVER',
  not_logged_in: 'Run: mcpgate login',
  forbidden: 'Ask your administrator for access.',
  denied: 'Ask your administrator for access.',
  not_found: 'List the tools again; ask your administrator to run: mcpgate-broker server test SERVER',
  conflict: REPORT,
  gone: REPORT,
  throttled: 'Wait for so long, then try again.',
  too_large: 'It may have been carried out all the same: look before you ask for less at once.',
  unreachable: RETRY,
  untrusted: 'Ask your administrator to run: mcpgate-broker server test SERVER',
  protocol: RETRY,
  upstream: RETRY,
  timeout: 'The server SERVER may still be at work; look at what it did before you repeat it.',
  cancelled: '',
  unknown_outcome: 'Its outcome is unknown: look at what server SERVER did before you repeat it.',
  unavailable: REPORT,
  keychain: REPORT,
  client_file: REPORT,
  internal: REPORT,
} as const satisfies Record<ErrorCode, string>;
