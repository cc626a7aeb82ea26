// What mcpgate itself says to a client: denials, failures of its own, and JSON-RPC framing around texts of others.
import type { ErrorCode, GateError } from 'mcpgate-shared/error';
import { quoteForeign } from '../upstreams/quote-foreign.ts';
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

export const LIST_CHANGED = '{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}';

/** The tool result of a denied call. */
export function denialResult(denial: {
  verdict: Verdict;
  policyVersion: number;
  server: string;
  /** `SERVER__TOOL`, never cut. */
  what: string;
  /** Who was denied, as rules name them: `user:ada` or `grant:ci`. */
  who: string;
}): string {
  const { verdict, server, who } = denial;
  // A tool's name is its server's: it must not end our sentence and begin another.
  const what = /^[\w./:-]{1,200}$/.test(denial.what) ? denial.what : quoteForeign(denial.what);
  const rule = verdict.rule === null ? 'Rule: none' : `Rule: ${verdict.rule}`;
  const ask =
    verdict.rule === 'grant-bound'
      ? `To ask for access: send your administrator this; they can issue a grant with --server ${server}.`
      : verdict.rule === null
        ? `To ask for access: send your administrator this; they can run: mcpgate-broker rule add --allow --who ${who} --what ${what}`
        : `To ask for access: send your administrator the rule's name and ${what}.`;
  const text = `[mcpgate denied] ${who} may not call ${what}: ${verdict.reason}. ${rule}. ${ask} Do not try again until it is granted.`;
  return JSON.stringify({
    content: [{ type: 'text', text }],
    isError: true,
    _meta: {
      'mcpgate/decision': {
        decision: verdict.decision,
        rule: verdict.rule,
        policy_version: denial.policyVersion,
        server,
        tool: denial.what,
      },
    },
  });
}

/** The tool result of a call that mcpgate could not carry out. */
export function failureResult(error: GateError, server: string): string {
  const text = `[mcpgate] ${error.message}. ${ADVICE[error.code].replaceAll('SERVER', server)}`;
  return JSON.stringify({
    content: [{ type: 'text', text: text.trim() }],
    isError: true,
    _meta: { 'mcpgate/error': { code: error.code, server } },
  });
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
  throttled: 'Wait a moment and try again.',
  too_large: 'Ask for less at once.',
  unreachable: RETRY,
  untrusted: 'Ask your administrator to run: mcpgate-broker server test SERVER',
  protocol: RETRY,
  upstream: RETRY,
  timeout: 'The server SERVER may still be at work; look at what it did before you try again.',
  cancelled: '',
  unknown_outcome: 'Look at what server SERVER did before you try again.',
  unavailable: REPORT,
  keychain: REPORT,
  client_file: REPORT,
  internal: REPORT,
} as const satisfies Record<ErrorCode, string>;
