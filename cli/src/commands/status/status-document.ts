// The document that `mcpgate status --json` prints.
import type { ClientStatus } from '../../clients/list-clients.ts';
import type { OwnAccount } from '../accounts/own-accounts.ts';
import type { TokenView } from '../tokens/token-view.ts';
import type { SessionInfo } from '../tools/session-info.ts';

/** A login that the daemon has begun and a person must confirm. */
export interface PendingLoginStatus {
  url: string;
  user_code: string;
  expires_at: string;
}

export interface Status {
  user: string | null;
  broker: string | null;
  workspace: string | null;
  daemon: {
    running: boolean;
    version: string | null;
    pid: number | null;
    started_at: string | null;
    clients: number;
    channels: number;
    bytes_to_broker: number;
    bytes_to_clients: number;
  };
  tunnel: {
    state: string;
    since: string | null;
    latency_ms: number | null;
    message: string | null;
    login: PendingLoginStatus | null;
  };
  servers: SessionInfo['servers'];
  clients: (ClientStatus & { tokens: TokenView[] })[];
  /** The person's own accounts at servers, as far as they are asked for any. */
  accounts: Omit<OwnAccount, 'keys' | 'target'>[];
  token: { kind: 'device' | 'grant' | null; store: 'keychain' | 'file' | 'environment' | null; path: string | null };
  /** Which login of this laptop it is: `default`, or a name that `mcpgate use` lists. */
  profile: string;
}
