// Turns the configuration's keys about sign-in (`oidc`, `forwarded_auth`) into the settings that the broker's identity is made with. What a key means
// stands at its declaration (sign-in-schema.ts).
import { readFile } from 'node:fs/promises';
import { fileFault } from 'mcpgate-shared/file-fault';
import { GateError } from 'mcpgate-shared/error';
import type { Config } from './load-config.ts';

type Camel<Name> = Name extends `${infer First}_${infer Rest}` ? `${First}${Capitalize<Camel<Rest>>}` : Name;
type CamelKeys<T> = { [Name in keyof T as Camel<Name>]-?: T[Name] };
type Oidc = NonNullable<Config['oidc']>;

export type IdpSettings = CamelKeys<Omit<Oidc, 'client_secret' | 'client_secret_file' | 'assertion_clients'>> & {
  /** Reads the secret anew at each sign-in, so that a changed one needs no restart. Undefined: the broker is a public client there. */
  clientSecret: (() => Promise<string>) | undefined;
  /** Who may trade assertions of the IdP, by client id, each with what reads its secret. */
  assertionClients: ReadonlyMap<string, () => Promise<string>>;
};

/** `resolve` replaces `${secret:NAME}` by the secret of the vault. */
export function idpSettings(
  { client_secret: secret, client_secret_file: file, assertion_clients: clients = {}, ...same }: Oidc,
  resolve: (text: string) => Promise<string>,
): IdpSettings {
  const fromFile = file === undefined ? undefined : () => readSecretFile(file);
  return {
    ...camelKeys(same),
    clientSecret: secret === undefined ? fromFile : () => resolve(secret),
    assertionClients: new Map(Object.entries(clients).map(([id, text]) => [id, () => resolve(text)])),
  };
}

/** With keys as code writes them: `name_claim` is `nameClaim`. */
function camelKeys<T extends object>(keys: T): CamelKeys<T> {
  const camel = (name: string): string => name.replaceAll(/_(.)/g, (_whole, letter: string) => letter.toUpperCase());
  return Object.fromEntries(Object.entries(keys).map(([name, value]) => [camel(name), value])) as CamelKeys<T>;
}

export const signInSettings = (signIn: Config['sign_in']) => ({
  secondFactor: signIn.second_factor,
  reauthenticateAfterMs: signIn.reauthenticate_after,
});

/** The settings of a reverse proxy that signs people in. */
export const forwardedSettings = (forwarded: NonNullable<Config['forwarded_auth']>) => ({
  justInTime: forwarded.just_in_time,
  workspace: forwarded.workspace,
  asksForWorkspace: forwarded.workspace_header !== undefined,
  workspaceMapping: forwarded.workspace_mapping,
});

async function readSecretFile(file: string): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (error) {
    const text = `oidc.client_secret_file: ${file} cannot be read: ${fileFault(error)}`;
    throw new GateError('config', text, { cause: error });
  }
}
