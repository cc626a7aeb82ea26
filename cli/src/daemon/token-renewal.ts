// Sends the broker a new access token before the link's present one ends.
import type { Clock } from 'mcpgate-shared/clock';
import type { TokenSource } from '../auth/token-source.ts';
import type { DaemonLog } from './daemon-log.ts';

/** How long before its end a token is renewed. */
const RENEW_BEFORE_MS = 60_000;

export interface TokenRenewal {
  /** The broker has accepted a token that ends at `expiresAt` (ms since the epoch); null: never. */
  schedule(expiresAt: number | null): void;
  /** Cancels a renewal, because the link has ended. */
  stop(): void;
}

export interface TokenRenewalOptions {
  tokens: Pick<TokenSource, 'token'>;
  clock: Clock;
  log: DaemonLog;
  signal: AbortSignal;
  onToken: (token: string) => void;
  onLoginNeeded: (message: string) => void;
}

export function createTokenRenewal(options: TokenRenewalOptions): TokenRenewal {
  const { clock } = options;
  let cancel: (() => void) | undefined;
  let stops = 0;

  async function renew(expiresAt: number): Promise<void> {
    const stopsBefore = stops;
    const leftMs = Math.max(0, expiresAt - clock.now());
    const result = await options.tokens.token({ minValidityMs: leftMs + 1_000, signal: options.signal });
    if (stops !== stopsBefore) return;
    if (result.kind === 'token') return options.onToken(result.token);
    options.log.warn(`the token could not be renewed: ${result.message}`);
    if (result.kind === 'login_needed') return options.onLoginNeeded(result.message);
    cancel = clock.after(Math.max(1_000, leftMs / 4), () => void renew(expiresAt));
  }

  return {
    schedule(expiresAt) {
      cancel?.();
      if (expiresAt === null) return;
      const leftMs = expiresAt - clock.now();
      const delayMs = Math.max(1_000, leftMs - Math.min(RENEW_BEFORE_MS, leftMs / 5));
      cancel = clock.after(Math.min(delayMs, 0x7fff_ffff), () => void renew(expiresAt));
    },
    stop() {
      cancel?.();
      stops += 1;
    },
  };
}
