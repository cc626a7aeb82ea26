// Begins a new login when a call needs one because the stored login has ended: one login at a time, less and less often while the person does not
// confirm, and not again after the person has denied it. `mcpgate login` and `logout` reset this.
import type { Clock } from 'mcpgate-shared/clock';
import { GateError, toGateError } from 'mcpgate-shared/error';
import type { BackgroundLogin } from '../auth/background-login.ts';
import type { Browser } from '../laptop/browser.ts';
import type { PendingLogin } from '../local/pending-login.ts';
import type { DaemonLog } from './daemon-log.ts';

/** The time between the beginnings of two logins; doubled after each login that nobody confirmed. */
const PAUSE_MS = 10 * 60_000;
const PAUSE_MAX_MS = 24 * 3_600_000;

export interface LoginAgainOptions {
  clock: Clock;
  log: DaemonLog;
  begin(interrupted: AbortSignal): Promise<BackgroundLogin>;
  browser(): Promise<Browser>;
  /** The person has confirmed, and the new login is stored. */
  onLoggedIn(): void;
  /** The login failed. `message`: why, and what to do. */
  onFailed(message: string): void;
}

export type LoginAsked = { kind: 'pending'; pending: PendingLogin } | { kind: 'refused'; message: string };

export interface LoginAgain {
  readonly pending: PendingLogin | undefined;
  /** Begins a login for a call, unless one is under way. `browser` false: the AI client shows the page itself. */
  ask(options: { browser: boolean }): Promise<LoginAsked>;
  /** Cancels the login under way and forgets earlier failures: a person has logged in or out, or the daemon ends. */
  reset(): void;
}

export function createLoginAgain(options: LoginAgainOptions): LoginAgain {
  const { clock, log } = options;
  let pending: PendingLogin | undefined;
  let beginning: Promise<LoginAsked> | undefined;
  let abort = new AbortController();
  let notBefore = 0;
  let unanswered = 0;
  let lastFailure = '';

  async function open(wanted: boolean, browser: Browser): Promise<void> {
    if (!wanted || pending === undefined || pending.browserOpened) return;
    const current = pending;
    const browserOpened = await browser.open(current.url);
    if (pending === current) pending = { ...current, browserOpened };
  }

  function cameToNothing(message: string): void {
    pending = undefined;
    lastFailure = message;
    log.warn(`the login came to nothing: ${lastFailure}`);
    options.onFailed(lastFailure);
  }

  async function wait(login: BackgroundLogin, signal: AbortSignal): Promise<void> {
    const end = await login.finish().catch((error: unknown) => toGateError(error));
    if (signal.aborted) return;
    if (end instanceof GateError) return cameToNothing(end.message);
    if (end.kind === 'denied') {
      // A person who denied a login is not asked again.
      notBefore = Infinity;
      return cameToNothing(end.message);
    }
    log.info('logged in again');
    options.onLoggedIn();
  }

  async function begin(wanted: boolean): Promise<LoginAsked> {
    const { signal } = abort;
    const browser = await options.browser();
    if (wanted && !browser.available) {
      const message = 'a login is needed, and no browser can be opened from here: run `mcpgate login` in a terminal';
      return { kind: 'refused', message };
    }
    if (clock.now() < notBefore) {
      return { kind: 'refused', message: `the last login came to nothing (${lastFailure}); run \`mcpgate login\`` };
    }
    const began = clock.now();
    const login = await options.begin(signal);
    if (signal.aborted) return { kind: 'refused', message: 'the login changed meanwhile; try again' };
    notBefore = began + Math.min(PAUSE_MAX_MS, PAUSE_MS * 2 ** unanswered);
    unanswered += 1;
    lastFailure = 'nobody confirmed it';
    const { verificationUriComplete: url, userCode, expiresInS } = login.code;
    pending = { url, userCode, browserOpened: false, expiresAt: began + expiresInS * 1000 };
    log.info('a login waits to be confirmed');
    void wait(login, signal);
    await open(wanted, browser);
    return pending === undefined ? { kind: 'refused', message: lastFailure } : { kind: 'pending', pending };
  }

  return {
    get pending() {
      return pending;
    },
    async ask({ browser }) {
      if (pending !== undefined) {
        await open(browser, await options.browser());
        if (pending !== undefined) return { kind: 'pending', pending };
      }
      beginning ??= begin(browser)
        .catch((error: unknown): LoginAsked => {
          const { message } = toGateError(error);
          log.warn(`no login could be begun: ${message}`);
          return { kind: 'refused', message };
        })
        .finally(() => (beginning = undefined));
      return beginning;
    },
    reset() {
      abort.abort();
      abort = new AbortController();
      pending = undefined;
      notBefore = 0;
      unanswered = 0;
    },
  };
}
