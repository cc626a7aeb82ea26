// Waits until a person has connected their account at a server: told by the accounts, whichever broker the account was made at, and looked up
// now and then besides, so that a message which got lost delays a call and does not strand it.
import type { Clock } from 'mcpgate-shared/clock';
import { toGateError } from 'mcpgate-shared/error';
import type { BaseLogger } from 'pino';
import type { Accounts } from '../../accounts/accounts.ts';
import type { AccountLack, AccountOwner } from '../../domain/people/account.ts';
import type { ServerRecord } from '../../domain/server-record.ts';
import type { Upstreams } from '../../upstreams/upstream.ts';

/** `over`: nobody waits any more, because it took too long, the broker takes leave, the account was ended or the call was cancelled. */
export type WaitEnd = 'go_on' | 'over';

export interface AccountWait {
  server: ServerRecord;
  owner: AccountOwner;
  lack: AccountLack;
  /** How long at most. */
  limitMs: number;
  signal: AbortSignal;
  /** Called at once, and then every few seconds. */
  onTick: () => void;
}

export interface AccountWaits {
  /** `go_on` where the call may be tried (again): the account is there, or the server wants none any more. Rejects where that cannot be looked up. */
  until(wait: AccountWait): Promise<WaitEnd>;
  /** Ends all, and lets none begin: the broker takes leave, and no call should keep it. */
  end(): void;
}

/** Clients that were promised progress hear of it so often, and the account is looked up. */
const TICK_MS = 5_000;

interface Parts {
  accounts: Pick<Accounts, 'lackOf' | 'onChange'>;
  upstreams: Pick<Upstreams, 'servers'>;
  clock: Clock;
  log: Pick<BaseLogger, 'warn'>;
}

export function createAccountWaits({ accounts, upstreams, clock, log }: Parts): AccountWaits {
  const waiting = new Set<(end: WaitEnd) => void>();
  let isOver = false;

  /** Whether the call may be tried, by what is stored now. */
  async function mayGoOn({ server, owner, lack }: AccountWait): Promise<boolean> {
    const now = upstreams.servers(server.workspaceId).find(({ id }) => id === server.id);
    if (now === undefined || now.credential !== server.credential || now.account === null) return true;
    // Whether it allows enough now only the server can tell; that it was connected again is told below.
    return lack !== 'more_scopes' && (await accounts.lackOf(now, owner)) === undefined;
  }

  return {
    async until(wait) {
      const { server, owner, signal } = wait;
      if (signal.aborted || isOver) return 'over';
      const { promise: ended, resolve: end } = Promise.withResolvers<WaitEnd>();
      let isDone = false;
      let cancelTick: () => void = () => undefined;
      // Before it is looked up for the first time, so that nothing falls between.
      const stopListening = accounts.onChange((change) => {
        if (change.serverId !== server.id || change.owner !== owner) return;
        if (change.state === 'ready') end('go_on');
        if (change.state === 'gone') end('over');
      });
      const onAbort = () => end('over');
      const tick = (): void => {
        if (isDone) return;
        wait.onTick();
        cancelTick = clock.after(TICK_MS, () => {
          mayGoOn(wait).then(
            (isThere) => (isThere ? end('go_on') : tick()),
            (error: unknown) => {
              log.warn({ server: server.name, error: toGateError(error).message }, 'an account could not be looked up');
              tick();
            },
          );
        });
      };
      signal.addEventListener('abort', onAbort, { once: true });
      waiting.add(end);
      const cancelLimit = clock.after(wait.limitMs, () => end('over'));
      try {
        if (await mayGoOn(wait)) return 'go_on';
        tick();
        return await ended;
      } finally {
        isDone = true;
        waiting.delete(end);
        cancelTick();
        cancelLimit();
        stopListening();
        signal.removeEventListener('abort', onAbort);
      }
    },
    end() {
      isOver = true;
      for (const end of [...waiting]) end('over');
    },
  };
}
