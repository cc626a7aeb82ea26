// Reads, stores, revokes and forgets the one login of this laptop. The order of the steps is such that a failure between two loses nothing.
import { randomUUID } from 'node:crypto';
import type { Clock } from 'mcpgate-shared/clock';
import { GateError } from 'mcpgate-shared/error';
import type { Credential, CredentialAddress, CredentialStore } from '../credentials/credential-store.ts';
import { keptEnvironment } from '../laptop/kept-environment.ts';
import type { Environment, Settings, TokenStoreKind } from '../laptop/settings-file.ts';
import type { SettingsStore } from '../laptop/settings.ts';
import type { DaemonConnection } from '../local/daemon-connection.ts';
import type { HttpFetch } from './http-fetch.ts';

export interface StoreHost {
  readonly env: Environment;
  readonly settings: SettingsStore;
  openCredentials(kind: TokenStoreKind): CredentialStore;
}

interface Host extends StoreHost {
  readonly fetch: HttpFetch;
  readonly clock: Clock;
  connectDaemon(options: { spawn: boolean }): Promise<DaemonConnection>;
}

export interface StoredLogin {
  user: string;
  address: CredentialAddress;
  tokenStore: TokenStoreKind;
  kind: Credential['kind'];
}

/** The login that the settings describe; undefined: not logged in. */
export function storedLogin(settings: Settings): StoredLogin | undefined {
  const { broker, user, credential, workspace = 'default', tokenStore = 'keychain' } = settings;
  if (broker === undefined || credential === undefined) return undefined;
  return { user: user ?? 'unknown', address: { broker, workspace }, tokenStore, kind: credential };
}

/** Writes the credential into its store, then the settings, with variables of this shell for the daemon. */
export async function saveLogin(
  host: StoreHost,
  login: StoredLogin,
  secret: { token: string; deviceId?: string | undefined },
): Promise<void> {
  const { address, kind, tokenStore, user } = login;
  await host.openCredentials(tokenStore).write(address, { kind, token: secret.token });
  await host.settings.update({
    ...address,
    user,
    credential: kind,
    tokenStore,
    loginId: randomUUID(),
    ...(secret.deviceId === undefined ? {} : { deviceId: secret.deviceId }),
    environment: keptEnvironment(host.env),
  });
}

/** Revokes a device login at its broker; does nothing with a grant, which only an administrator can revoke. Throws `unreachable` and the like. */
export async function revokeCredential(host: Host, broker: string, credential: Credential): Promise<void> {
  if (credential.kind === 'grant') return;
  const { createOAuthClient } = await import('./oauth-client.ts');
  const client = await createOAuthClient(broker, host);
  await client.revoke(credential.token);
}

/** Tells the daemon that the stored login has changed. Returns whether one runs. */
export async function reloadDaemon(host: Host): Promise<boolean> {
  try {
    const daemon = await host.connectDaemon({ spawn: false });
    try {
      await daemon.reload();
      return true;
    } finally {
      daemon.close();
    }
  } catch (error) {
    if (error instanceof GateError && error.code === 'unreachable') return false;
    throw error;
  }
}
