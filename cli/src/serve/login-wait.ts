// Calls that need a login which has ended. The daemon is asked to begin one; a call then waits for its person where the AI client can show
// what to do (it gave a progress token, or takes elicitation by URL), and is answered at once with what to do where it cannot.
import type { Clock } from 'mcpgate-shared/clock';
import { pendingLoginText, type PendingLogin } from '../local/pending-login.ts';
import type { ClientMessage } from './client-message.ts';

/** The daemon has told by then whether there is a login to confirm. */
const ASK_MS = 8_000;
const PROGRESS_MS = 5_000;
const ELICIT_ID = 'mcpgate-login';

export interface WaitingCall extends ClientMessage {
  since: number;
}

export interface LoginWait {
  /** Until when (by the clock) the call waits; 0: it does not. Begins a login where none is under way. */
  until(call: WaitingCall): number;
  /** What to do; undefined: only the link's own reason is known. */
  readonly reason: string | undefined;
  onPending(pending: PendingLogin): void;
  /** There is none, or it came to nothing. */
  onRefused(message: string): void;
  /** True: the message was an answer to our own question. */
  answered(message: ClientMessage & { line: Buffer }): boolean;
  /** No login is needed any more, or the daemon has gone. */
  over(done: boolean): void;
}

export interface LoginWaitOptions {
  clock: Clock;
  toClient(message: string): void;
  /** Asks the daemon; absent where the client's own credential counts. */
  begin: ((options: { browser: boolean }) => void) | undefined;
  /** What the AI client said in its handshake. */
  clientCapabilities(): unknown;
  /** The calls that wait now. */
  calls(): readonly WaitingCall[];
  /** Look again at what waits. */
  onChange(): void;
}

const member = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;

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

  /** 2025-11-25: elicitation by URL is a capability of its own. */
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
    // Tiny steps: whatever the upstream counts later is more, as the protocol wants it.
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
      if (elicited?.isDeclined === true) return 'the login was declined; run `mcpgate login`, then try again';
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
      if (elicited === undefined || id !== JSON.stringify(elicited.id)) return true; // of an earlier login
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
