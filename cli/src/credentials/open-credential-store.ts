// Chooses the credential store: the keychain, or a file if the person asked for it. There is no silent fallback from one to the other.
import { GateError } from 'mcpgate-shared/error';
import type { Environment, TokenStoreKind } from '../laptop/settings-file.ts';
import type { CredentialStore } from './credential-store.ts';
import { createKeychain } from './keychain.ts';
import { createTokenFile } from './token-file.ts';

/** The store that `MCPGATE_TOKEN_STORE` names; `keychain` where it is not set. Throws `usage` for another word. */
export function wantedTokenStore(env: Environment): TokenStoreKind {
  const wanted = env['MCPGATE_TOKEN_STORE'] || 'keychain';
  if (wanted === 'keychain' || wanted === 'file') return wanted;
  throw new GateError('usage', `MCPGATE_TOKEN_STORE is "${wanted}"; it can be keychain or file`);
}

/** `configDir`: the folder of the profile. */
export function openCredentialStore(
  kind: TokenStoreKind,
  options: { configDir: string; profile: string; env: Environment; timeoutMs: number },
): CredentialStore {
  return kind === 'file' ? createTokenFile(options.configDir) : createKeychain(options);
}
