// Asks the person behind a call to connect their account at a server, in the way that their AI client can take, and says what becomes of the call.
// Which way: docs/decisions/asking-for-accounts.md.
import { RPC_CODE } from 'mcpgate-shared/mcp/rpc-code';
import { type AccountOwner, type AccountLack, personalOwner } from '../../domain/people/account.ts';
import type { ServerRecord } from '../../domain/server-record.ts';
import { isRecord, parseRecord } from '../../mcp/json-rpc-guard.ts';
import type { UpstreamReply } from '../../upstreams/upstream.ts';
import { PROGRESS } from '../call/server-notification.ts';
import type { GatewayParts } from '../gateway-parts.ts';
import { type Answer, errorReply } from '../reply.ts';
import type { Handling } from '../request.ts';
import type { SessionScope } from '../session-scope.ts';

export type AskEnd =
  /** The account is there now. */
  | { kind: 'go_on' }
  /** The client gets this answer. */
  | { kind: 'answer'; answer: Answer }
  /** Nobody could be asked, or nothing came of it: the failure of the call says where to connect. */
  | { kind: 'failed' };

export interface Need {
  server: ServerRecord;
  lack: AccountLack;
  /** The caller's progress token, as JSON text. */
  progressToken: string | undefined;
}

/** The time that a person has, as long as their client hears that the call goes on. */
const WAIT_MS = 5 * 60_000;
/** Clients that were not promised progress give a call up after a minute, some after half of one. */
const UNHEARD_WAIT_MS = 25_000;

type Parts = Pick<GatewayParts, 'accounts' | 'accountWaits'>;

/** Rejects where it cannot be looked up whether the account is there. */
export async function askForAccount(
  parts: Parts,
  scope: SessionScope,
  handling: Handling,
  need: Need,
): Promise<AskEnd> {
  const { server, lack } = need;
  const owner = personalOwner(server, scope.requester.userKey);
  if (owner === undefined) return { kind: 'failed' };
  const url = parts.accounts.pageOf(server);
  const message = WORDS[lack](server.name);
  const wait = (signal: AbortSignal, tellProgress = true): Promise<AskEnd> => {
    let steps = 0;
    const isHeard = need.progressToken !== undefined;
    const limitMs = tellProgress && !isHeard ? UNHEARD_WAIT_MS : WAIT_MS;
    const onTick = (): void => {
      if (!isHeard || !tellProgress) return;
      // In tiny steps, because progress must grow, and the server's own comes later under the same token.
      const said = JSON.stringify(`[mcpgate] ${message} at ${url}; the call waits`);
      const paramsText = `{"progressToken":${need.progressToken},"progress":${++steps / 1e6},"message":${said}}`;
      handling.tell({ method: PROGRESS, paramsText });
    };
    const until = parts.accountWaits.until({ server, owner, lack, limitMs, signal, onTick });
    return until.then((end) => (end === 'go_on' ? { kind: 'go_on' } : { kind: 'failed' }));
  };

  if (takesUrl(scope)) {
    if (scope.requester.generation === 'legacy') return await answerWithUrl(parts, scope, owner, need, url, message);
    if (handling.ask !== undefined) {
      // The account may also be connected elsewhere while the question is open.
      const over = new AbortController();
      const signal = AbortSignal.any([handling.signal, over.signal]);
      const paramsText = JSON.stringify({ mode: 'url', url, message });
      const question = { server: server.name, method: 'elicitation/create', paramsText, signal };
      const connected = wait(signal, false);
      const accepted = handling.ask(question).then(isAccepted);
      try {
        const first = await Promise.race([connected, accepted]);
        if (typeof first === 'object') return first;
        return first ? await wait(handling.signal) : { kind: 'failed' };
      } finally {
        over.abort();
      }
    }
  }
  if (scope.openPage?.(url) === true) return await wait(handling.signal);
  return { kind: 'failed' };
}

const WORDS: Readonly<Record<AccountLack, (server: string) => string>> = {
  missing: (server) => `connect your account at ${server}`,
  expired: (server) => `connect your account at ${server} again`,
  more_scopes: (server) => `allow what ${server} asks for besides`,
};

function takesUrl({ requester }: SessionScope): boolean {
  const { elicitation } = parseRecord(requester.capabilitiesText) ?? {};
  return isRecord(elicitation) && isRecord(elicitation['url']);
}

/** Up to 2025-11-25 (client/elicitation, "URL Elicitation Required Error"): the client shows the page, and calls again when it is told. */
async function answerWithUrl(
  { accounts }: Parts,
  scope: SessionScope,
  owner: AccountOwner,
  { server, lack }: Need,
  url: string,
  message: string,
): Promise<AskEnd> {
  // First, so that an account which is made from now on is told of.
  const elicitationId = scope.urlsAsked?.idFor(server.id);
  if (elicitationId === undefined) return { kind: 'failed' };
  if (lack !== 'more_scopes' && (await accounts.lackOf(server, owner)) === undefined) {
    scope.urlsAsked?.forget(server.id);
    return { kind: 'go_on' };
  }
  const elicitations = [{ mode: 'url', elicitationId, url, message }];
  const text = `[mcpgate] ${message} at ${url}, then call again`;
  return { kind: 'answer', answer: errorReply(RPC_CODE.urlElicitationRequired, text, { elicitations }) };
}

function isAccepted(reply: UpstreamReply): boolean {
  return reply.kind === 'result' && parseRecord(reply.text)?.['action'] === 'accept';
}
