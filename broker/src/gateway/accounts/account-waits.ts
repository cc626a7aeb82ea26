// Waits until a person has connected their account at a server.
import type { Accounts } from '../../accounts/accounts.ts';
import type { AccountLack, AccountOwner } from '../../domain/people/account.ts';
import type { ServerRecord } from '../../domain/server-record.ts';
import type { Upstreams } from '../../upstreams/upstream.ts';
import type { PersonWait, PersonWaits, WaitEnd } from '../person-waits.ts';

export interface AccountWait extends Pick<PersonWait, 'limitMs' | 'signal' | 'onTick'> {
  server: ServerRecord;
  owner: AccountOwner;
  lack: AccountLack;
}

export interface AccountWaits {
  /** `go_on` where the call may be tried (again): the account is there, or the server wants none any more. Rejects where that cannot be looked up. */
  until(wait: AccountWait): Promise<WaitEnd>;
}

interface Parts {
  accounts: Pick<Accounts, 'lackOf' | 'onChange'>;
  upstreams: Pick<Upstreams, 'servers'>;
}

export function createAccountWaits({ accounts, upstreams }: Parts, waits: PersonWaits): AccountWaits {
  return {
    until: ({ server, owner, lack, ...wait }) =>
      waits.until({
        ...wait,
        what: `the account at ${server.name}`,
        listen: (end) =>
          accounts.onChange((change) => {
            if (change.serverId !== server.id || change.owner !== owner) return;
            if (change.state === 'ready') end('go_on');
            if (change.state === 'gone') end('over');
          }),
        async mayGoOn() {
          const now = upstreams.servers(server.workspaceId).find(({ id }) => id === server.id);
          if (now === undefined || now.credential !== server.credential || now.account === null) return true;
          // Whether it allows enough now only the server can tell; that it was connected again is told above.
          return lack !== 'more_scopes' && (await accounts.lackOf(now, owner)) === undefined;
        },
      }),
  };
}
