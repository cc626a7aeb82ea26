// Begins a new login from the daemon when the stored one has ended, as the same device and without a command. Loaded only when that happens.
import type { Clock } from 'mcpgate-shared/clock';
import { GateError } from 'mcpgate-shared/error';
import { BACKGROUND_TIMEOUT_MS } from '../credentials/keychain.ts';
import { openCredentialStore, wantedTokenStore } from '../credentials/open-credential-store.ts';
import { createSettingsStore } from '../laptop/settings.ts';
import type { Environment, TokenStoreKind } from '../laptop/settings-file.ts';
import { deviceParameters, waitForApproval, type Approval } from './device-login.ts';
import { createHttpFetch } from './http-fetch.ts';
import { keepTokens } from './keep-tokens.ts';
import { createOAuthClient, type DeviceCode } from './oauth-client.ts';

export interface BackgroundLogin {
  code: DeviceCode;
  /**
   * Waits until the person has decided, and stores the login. Throws as `waitForApproval` does, and `conflict` where another user has logged
   * in.
   */
  finish(): Promise<LoginEnd>;
}

export type LoginEnd = { kind: 'stored' } | Extract<Approval, { kind: 'denied' }>;

export interface BackgroundLoginHost {
  /** The folder of the profile. */
  configDir: string;
  profile: string;
  /** The environment of this process, completed by the variables kept at login. */
  env: Environment;
  hostname: string;
  platform: string;
  clock: Clock;
  log(line: string): void;
}

/** Asks the broker of the stored login for a device code. Throws an error that says why where there is none. */
export async function beginBackgroundLogin(
  host: BackgroundLoginHost,
  interrupted: AbortSignal,
): Promise<BackgroundLogin> {
  const { configDir, profile, env, clock, log } = host;
  const settings = createSettingsStore(configDir);
  const before = settings.read();
  const { broker, user, loginId } = before;
  if (broker === undefined) throw new GateError('not_logged_in', 'not logged in: run `mcpgate login https://BROKER`');
  if (before.credential === 'grant') {
    throw new GateError('not_logged_in', `the grant for ${broker} is not good any more: run \`mcpgate login\``);
  }
  const tokenStore = before.tokenStore ?? wantedTokenStore(env);
  const openCredentials = (kind: TokenStoreKind) =>
    openCredentialStore(kind, { configDir, profile, env, timeoutMs: BACKGROUND_TIMEOUT_MS });
  // First checks that the credential can be stored, so that the person does not log in in vain.
  await openCredentials(tokenStore).probe();
  const { fetch } = createHttpFetch(env, { keepsConnections: false });
  const client = await createOAuthClient(broker, { fetch, clock });
  const code = await client.startDeviceLogin({
    ...deviceParameters({ ...host, profileDir: configDir, settings }, client.broker),
    ...(before.workspace === undefined ? {} : { workspace: before.workspace }),
  });
  if (new URL(code.verificationUriComplete).origin !== client.broker) {
    throw new GateError(
      'protocol',
      `${client.broker} names a login page elsewhere; run \`mcpgate login\` to look at it`,
    );
  }
  return {
    code,
    async finish() {
      const approval = await waitForApproval(client, code, { interrupted, onTrouble: log });
      if (approval.kind === 'denied') return approval;
      await keepTokens(
        client,
        approval.tokens,
        { settings, openCredentials, env },
        {
          tokenStore,
          workspace: before.workspace,
          fetch,
          warn: log,
          accept(login) {
            if (settings.read().loginId !== loginId) {
              throw new GateError('conflict', 'somebody has logged in or out meanwhile');
            }
            // A background login must not change the user whose tools the AI clients use; only `mcpgate login` may.
            if (user !== undefined && login.user !== user) {
              throw new GateError(
                'conflict',
                `${login.user} confirmed the login of ${user}; run \`mcpgate login\` to change`,
              );
            }
          },
        },
      );
      return { kind: 'stored' };
    },
  };
}
