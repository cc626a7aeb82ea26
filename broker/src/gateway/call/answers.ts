// Answers that mcpgate writes itself instead of a server: denials, and failures to carry out a request.
import { type ErrorCode, type GateError, toGateError } from 'mcpgate-shared/error';
import { localTimeOf } from 'mcpgate-shared/local-time';
import { RPC_CODE } from 'mcpgate-shared/mcp/rpc-code';
import { mustBeLogged, publicMessage } from '../../domain/public-message.ts';
import { quoteForeign } from '../../mcp/quote-foreign.ts';
import { shellWord } from '../../domain/shell-word.ts';
import { inWorkspace } from '../../domain/workspace.ts';
import { HELD_RULE } from '../../definitions/definitions.ts';
import { nameAtServer } from '../../policy/naming.ts';
import type { Undecided, Verdict } from '../../policy/verdict.ts';
import { attemptOf } from '../../upstreams/attempt.ts';
import { type Answer, errorReply, NO_REPLY, type Reply, resultReply } from '../reply.ts';
import type { Handling } from '../request.ts';
import type { GatewayParts } from '../gateway-parts.ts';

/** The longest name, in characters, that is put into a command for the reader to type. */
const MOST_TYPED = 200;

export interface Denial {
  verdict: Verdict;
  policyVersion: number;
  server: string;
  /** The name that rules use, never shortened: `SERVER__TOOL`, `resource:URI`, `prompt:SERVER__NAME`. */
  what: string;
  /** Who was denied, as rules name them: `user:ada` or `grant:ci`. */
  who: string;
  workspaceId: string;
  /** Under which the caller can ask for it, and where in the browser. */
  offer?: { id: string; page: string } | undefined;
  /** The label of the grant by which a person called: they ask with a login of their own. */
  grant?: string | undefined;
}

/** A request that could not be carried out. `name`: of its server, or empty where the server is not known. */
export interface Failed {
  name: string;
  workspaceId: string;
}

/** The answer to a denied request: for `tools/call` a tool result, because the model reads those; for other methods an error. */
export function denialReply(method: string, denial: Denial): Answer {
  const said = { 'mcpgate/decision': decisionOf(denial) };
  return method === 'tools/call'
    ? toolFailure(denialText(denial), said)
    : errorReply(RPC_CODE.denied, denialText(denial), said);
}

export function decisionOf({ verdict, policyVersion, server, what, offer }: Denial): object {
  const { decision, rule, retryAt } = verdict;
  const retry = retryAt !== undefined && { retry_at: retryAt === Infinity ? null : new Date(retryAt).toISOString() };
  const said = { decision, rule, policy_version: policyVersion, server, tool: what, ...retry };
  return offer === undefined ? said : { ...said, request: offer.id };
}

function denialText(denial: Denial): string {
  const { verdict, who } = denial;
  const what = quotedName(denial.what);
  const rule = verdict.rule === null ? 'Rule: none' : `Rule: ${verdict.rule}`;
  const next =
    verdict.undecided === undefined ? howToGetIt(denial, what) : howToGoOn(verdict.undecided, verdict.retryAt);
  const verb = /^(resource|prompt|event):/.test(what) ? 'use' : 'call';
  return `[mcpgate denied] ${who} may not ${verb} ${what}: ${verdict.reason}. ${rule}. ${next}`;
}

/** Where nobody has decided, there is nothing to ask anybody for. */
function howToGoOn(undecided: Undecided, retryAt: number | undefined): string {
  if (undecided.by === 'rule')
    return "Nothing was carried out: send your administrator the rule's name: it has to be mended. Do not try again before that.";
  if (undecided.by === 'arguments') {
    const which = undecided.named.length === 0 ? 'the arguments' : 'these arguments';
    const named = undecided.named.length === 0 ? '' : `: ${undecided.named.map(quotedName).join(', ')}`;
    return `Correct ${which} and call again, nothing was carried out${named}.`;
  }
  const when = retryAt === undefined ? 'Try again later' : `Try again from ${localTimeOf(retryAt)} on`;
  return `Nothing was carried out, and asking for access grants nothing: whoever has to decide has said neither yes nor no. ${when}.`;
}

function howToGetIt(denial: Denial, what: string): string {
  const { verdict, server, who } = denial;
  const isNowhere = verdict.rule === 'grant-bound' && server === '';
  const ask = isNowhere
    ? 'Names begin with SERVER__ and URIs with SERVER+: list them again.'
    : verdict.rule === 'grant-bound'
      ? `To ask for access: send your administrator this; they can issue a grant with \`--server ${server}\`.`
      : verdict.rule === HELD_RULE
        ? `To have it reviewed: send your administrator this; they can run \`mcpgate-broker tool diff ${ruleWord(denial.what)}${inWorkspace(denial.workspaceId)}\`, then \`mcpgate-broker tool accept ${ruleWord(denial.what)}${inWorkspace(denial.workspaceId)}\`.`
        : verdict.rule === null
          ? `To ask for access: ${byOneself(denial)}send your administrator this; they can run \`mcpgate-broker rule add --allow --who ${who} --what ${ruleWord(nameAtServer(server, denial.what) ?? 'WHAT')}${inWorkspace(denial.workspaceId)}\`.`
          : `To ask for access: send your administrator the rule's name and ${what}.`;
  const { retryAt } = verdict;
  const end =
    isNowhere || retryAt === Infinity
      ? ''
      : retryAt === undefined
        ? ' Do not try again until it is granted.'
        : ` Or try again from ${localTimeOf(retryAt)} on.`;
  return `${ask}${end}`;
}

function byOneself({ offer, grant }: Denial): string {
  if (offer === undefined) return '';
  const { id, page } = offer;
  if (grant === undefined) return `run \`mcpgate request ${id} "why you need it"\`, or open ${page}, or `;
  return `a grant cannot ask for it; whose grant ${quotedName(grant)} is can run \`mcpgate request ${id} "why it is needed"\` with their own login, where MCPGATE_TOKEN is not set, or open ${page}, or `;
}

/** A server chooses the names of its tools: such a name is quoted, so that it cannot look like a sentence of mcpgate's. */
export function quotedName(what: string): string {
  return /^[\w./:+-]{1,200}$/.test(what) ? what : quoteForeign(what);
}

/** The denied name as a word for the shell, or `WHAT` where the name could run another command or has invisible characters. */
function ruleWord(what: string): string {
  return /[`\p{C}\p{Zl}\p{Zp}]/u.test(what) || what.length > MOST_TYPED ? 'WHAT' : shellWord(what);
}

/** The answer to a request that mcpgate could not carry out; in the same forms as `denialReply`. */
export function failureReply(method: string, error: GateError, failed: Failed): Answer {
  const said = { 'mcpgate/error': machineForm(error, failed) };
  return method === 'tools/call'
    ? toolFailure(failureText(error, failed), said)
    : errorReply(RPC_CODE.failed, failureText(error, failed), said);
}

export function toolFailure(said: string, meta: object): Answer {
  return resultReply(JSON.stringify({ content: [{ type: 'text', text: said }], isError: true, _meta: meta }));
}

function machineForm(error: GateError, failed: Failed): object {
  const { code, retryAfterMs } = error;
  const isPause = attemptOf(error).outcome === 'busy' && retryAfterMs !== undefined;
  return { code, server: failed.name, ...(isPause && { retry_after_ms: retryAfterMs }) };
}

function failureText(error: GateError, { name, workspaceId }: Failed): string {
  const advice = ADVICE[error.code].replace(
    /(`mcpgate-broker [^`]*)`/,
    (_command, line: string) => `${line}${inWorkspace(workspaceId)}\``,
  );
  return `[mcpgate] ${publicMessage(error)}. ${advice.replaceAll('SERVER', name)}`.trim();
}

const RETRY = 'Try again; if it stays, ask your administrator to run `mcpgate-broker server test SERVER`.';
const REPORT = 'Try again; if it stays, tell your administrator.';

const ADVICE = {
  usage: 'Correct the arguments.',
  config: 'Ask your administrator to run `mcpgate-broker server show SERVER`.',
  not_logged_in: 'Run `mcpgate login`.',
  forbidden: 'Ask your administrator for access.',
  reauthenticate: 'Sign in once more.',
  account_needed: 'Once that is done, try again.',
  denied: 'Ask your administrator for access.',
  not_found: 'List the tools again; ask your administrator to run `mcpgate-broker server test SERVER`.',
  conflict: REPORT,
  stale: REPORT,
  precondition_required: REPORT,
  gone: REPORT,
  key_reused: REPORT,
  throttled: 'Wait for so long, then try again.',
  too_large: 'It may have been carried out all the same: look before you ask for less at once.',
  unreachable: RETRY,
  untrusted: 'Ask your administrator to run `mcpgate-broker server test SERVER`.',
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

/** The reply to a request that failed with an exception. Logs the error where it is the fault of the gateway itself. */
export function failureAnswer(
  { log }: Pick<GatewayParts, 'log'>,
  { request, signal }: Pick<Handling, 'request' | 'signal'>,
  error: unknown,
  failed: Failed,
): Reply {
  const failure = toGateError(error);
  if (mustBeLogged(failure)) log.error({ err: error, server: failed.name }, 'a request failed inside the gateway');
  return signal.aborted ? NO_REPLY : failureReply(request.method, failure, failed);
}
