// Stores the tokens of a device login as this laptop's login. Where that fails, revokes them at the broker, so that no unused credential stays valid.
import { GateError, toGateError } from 'mcpgate-shared/error';
import type { TokenStoreKind } from '../laptop/settings-file.ts';
import type { HttpFetch } from './http-fetch.ts';
import type { OAuthClient, Tokens } from './oauth-client.ts';
import { saveLogin, type StoredLogin, type StoreHost } from './stored-login.ts';
import { whoami } from './whoami.ts';

export interface KeepOptions {
  tokenStore: TokenStoreKind;
  /** The workspace that the person asked for. */
  workspace: string | undefined;
  fetch: HttpFetch;
  warn(line: string): void;
  /** Called before the login is stored; throws where it must not be. */
  accept?(login: StoredLogin): void;
}

export async function keepTokens(
  client: OAuthClient,
  tokens: Tokens,
  host: StoreHost,
  options: KeepOptions,
): Promise<StoredLogin> {
  const { refreshToken } = tokens;
  if (refreshToken === undefined) {
    throw new GateError('protocol', `${client.broker} gave no refresh token; tell whoever runs it`);
  }
  try {
    const who = tokens.user === undefined ? await whoami(client.broker, tokens.accessToken, options.fetch) : undefined;
    const workspace = tokens.workspace ?? who?.workspace ?? 'default';
    if (options.workspace !== undefined && options.workspace !== workspace) {
      throw new GateError('not_found', `there is no workspace ${options.workspace} for you at ${client.broker}`);
    }
    const login: StoredLogin = {
      user: tokens.user ?? who?.user ?? 'unknown',
      address: { broker: client.broker, workspace },
      tokenStore: options.tokenStore,
      kind: 'device',
    };
    options.accept?.(login);
    await saveLogin(host, login, { token: refreshToken, deviceId: tokens.deviceId });
    return login;
  } catch (error) {
    await client
      .revoke(refreshToken)
      .catch((revoking: unknown) => options.warn(`the unused login stays: ${toGateError(revoking).message}`));
    throw error;
  }
}
