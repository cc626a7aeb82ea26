// Handles calls that need a login while the stored one has ended. Asks the daemon to begin a new login. A call waits for the person's confirmation if
// the AI client can show what to do (it gave a progress token, or supports elicitation by URL); otherwise it is answered at once with what to do.
import { member } from 'mcpgate-shared/member';
import type { Clock } from 'mcpgate-shared/clock';
import { pendingLoginText, type PendingLogin } from '../local/pending-login.ts';
import type { ClientMessage } from './client-message.ts';

/** How long the daemon may take to say whether there is a login to confirm. */
const ASK_MS = 8_000;
const PROGRESS_MS = 5_000;
const ELICIT_ID = 'mcpgate-login';

export interface WaitingCall extends ClientMessage {
  since: number;
}

export interface LoginWait {
  /** Until when (by the clock) a call waits; 0: it does not wait. Begins a login where none is under way. */
  until(call: WaitingCall): number;
  /** What the person has to do; undefined: the link's own reason applies. */
  readonly reason: string | undefined;
  /** A login waits for the person to confirm it. */
  onPending(pending: PendingLogin): void;
  /** No login could be begun, or it failed. */
  onRefused(message: string): void;
  /** Handles the client's answer to an elicitation of `serve` itself; false: the message is none. */
  answered(message: ClientMessage & { line: Buffer }): boolean;
  /** Nothing waits for a login any more: the link is open (`done`), the credential was revoked, or the daemon has gone. */
  over(done: boolean): void;
}

export interface LoginWaitOptions {
  clock: Clock;
  toClient(message: string): void;
  /** Asks the daemon to begin a login; undefined where the client has a credential of its own. */
  begin: ((options: { browser: boolean }) => void) | undefined;
  /** What a command adds to be of this profile; undefined: of the one without a name. */
  ofProfile?: string | undefined;
  /** The capabilities of the AI client from its handshake. */
  clientCapabilities(): unknown;
  /** The calls that are waiting now. */
  calls(): readonly WaitingCall[];
  /** Called when waiting calls must be looked at again. */
  onChange(): void;
}

function progressToken({ params }: ClientMessage): string | number | undefined {
  const token = member(params['_meta'], 'progressToken');
  return typeof token === 'string' || typeof token === 'number' ? token : undefined;
}

export function createLoginWait(options: LoginWaitOptions): LoginWait {
  const { clock } = options;
  let askedAt: number | undefined;
  let pending: PendingLogin | undefined;
  let refused: { at: number; message: string } | undefined;
  let elicited: { id: string; isAnswered: boolean; isDeclined: boolean } | undefined;
  let count = 0;
  let steps = 0;
  let cancelTick: (() => void) | undefined;

  const notify = (method: string, params: object) =>
    options.toClient(JSON.stringify({ jsonrpc: '2.0', method: `notifications/${method}`, params }));

  /** Whether the client supports elicitation by URL, a capability of its own since 2025-11-25. */
  const takesUrl = (): boolean => {
    const url = member(member(options.clientCapabilities(), 'elicitation'), 'url');
    return typeof url === 'object' && url !== null;
  };

  function elicit({ url, userCode }: PendingLogin): void {
    if (elicited !== undefined) return;
    const id = `${ELICIT_ID}-${++count}`;
    elicited = { id, isAnswered: false, isDeclined: false };
    const message = `mcpgate needs you to log in. Confirm it on the page that opens (if it asks for a code: ${userCode}).`;
    const params = { mode: 'url', elicitationId: id, url, message };
    options.toClient(JSON.stringify({ jsonrpc: '2.0', id, method: 'elicitation/create', params }));
  }

  function tick(): void {
    cancelTick?.();
    cancelTick = undefined;
    if (pending === undefined) return;
    const tokens = options.calls().flatMap((call) => progressToken(call) ?? []);
    if (tokens.length === 0) return;
    // In tiny steps, because MCP requires progress to grow, and the server's own progress comes later under the same token.
    const progress = ++steps / 1e6;
    for (const token of tokens)
      notify('progress', { progressToken: token, progress, message: `[mcpgate] ${pendingLoginText(pending)}` });
    cancelTick = clock.after(PROGRESS_MS, tick);
  }

  return {
    until(call) {
      if (options.begin === undefined || (refused !== undefined && call.since <= refused.at)) return 0;
      if (pending === undefined) {
        refused = undefined;
        if (askedAt === undefined) {
          askedAt = clock.now();
          options.begin({ browser: !takesUrl() });
        }
        return askedAt + ASK_MS;
      }
      if (takesUrl()) elicit(pending);
      else if (progressToken(call) === undefined) return 0;
      if (elicited?.isDeclined === true) return 0;
      if (cancelTick === undefined) tick();
      return pending.expiresAt;
    },
    get reason() {
      if (elicited?.isDeclined === true)
        return `the login was declined; run \`mcpgate login${options.ofProfile ?? ''}\`, then try again`;
      if (pending !== undefined) return `${pendingLoginText(pending)}, then try again`;
      return refused?.message;
    },
    onPending(next) {
      askedAt = undefined;
      if (pending?.url !== next.url) elicited = undefined;
      pending = next;
      options.onChange();
    },
    onRefused(message) {
      askedAt = undefined;
      pending = undefined;
      refused = { at: clock.now(), message };
      this.over(false);
      options.onChange();
    },
    answered({ id, method, line }) {
      if (method !== undefined || id === undefined || !id.startsWith(`"${ELICIT_ID}-`)) return false;
      if (elicited === undefined || id !== JSON.stringify(elicited.id)) return true; // an answer to the elicitation of an earlier login
      const answer: unknown = JSON.parse(line.toString('utf8'));
      elicited.isAnswered = true;
      elicited.isDeclined = member(member(answer, 'result'), 'action') !== 'accept';
      if (elicited.isDeclined) options.onChange();
      return true;
    },
    over(done) {
      cancelTick?.();
      cancelTick = undefined;
      askedAt = undefined;
      pending = undefined;
      if (done) refused = undefined;
      const question = elicited;
      elicited = undefined;
      if (question === undefined) return;
      if (!question.isAnswered) notify('cancelled', { requestId: question.id, reason: 'the login is over' });
      else if (done && !question.isDeclined) notify('elicitation/complete', { elicitationId: question.id });
    },
  };
}
