// From where values of secrets may be read, as the configuration has it, in the form that the sources need.
import { CONFIG_KEYS } from './key-list.ts';
import type { Config } from './load-config.ts';

export interface SourceSettings {
  /** Names of environment variables; a `*` at the end stands for any ending. */
  env: readonly string[];
  /** Variables that configure the broker itself: no secret is read from them, whatever `env` allows. */
  ownVariables: ReadonlySet<string>;
  /** Full paths of files, and of folders with all that is in them. `{workspace}` is the workspace of the secret. */
  files: readonly string[];
  /** Files and folders that no secret is read from, whatever `files` allows. */
  closedPaths: readonly string[];
  /** Programs with their arguments, word for word; a `*` at the end of a word stands for any ending. */
  commands: readonly (readonly string[])[];
  /** The variables of the broker's environment that commands get besides PATH, HOME and the like. */
  commandEnv: readonly string[];
  commandTimeoutMs: number;
  hashicorp: HashicorpSettings | undefined;
}

export interface HashicorpSettings {
  address: string;
  namespace: string | undefined;
  /** PEM certificates that are trusted instead of Node's own. */
  caFile: string | undefined;
  /** Where the KV engine of version 2 is mounted. */
  mount: string;
  /** Which of its paths may be read; as `files`, with a `*` at the end for any ending. */
  paths: readonly string[];
  /** Where the login method is mounted, below `auth/`. */
  authMount: string;
  login:
    | { method: 'token'; tokenFile: string | undefined }
    | { method: 'approle'; roleId: string; secretIdFile: string | undefined }
    | { method: 'kubernetes'; role: string; jwtFile: string };
}

/** Variables of the environment that are read without being keys of the configuration. */
const OTHER_VARIABLES = ['MCPGATE_CONFIG', 'VAULT_TOKEN', 'VAULT_SECRET_ID'];

export function sourceSettings(config: Config): SourceSettings {
  const { sources, vault } = config;
  return {
    env: sources.env,
    ownVariables: new Set([...OTHER_VARIABLES, ...CONFIG_KEYS.flatMap(({ env }) => env ?? [])]),
    files: sources.files,
    closedPaths: [config.data, ...secretFilesOf(config)],
    commands: sources.commands,
    commandEnv: sources.command_env,
    commandTimeoutMs: sources.command_timeout,
    hashicorp: vault && {
      address: vault.address,
      namespace: vault.namespace,
      caFile: vault.ca_file,
      mount: vault.mount,
      paths: vault.paths,
      authMount: vault.auth_mount ?? vault.auth,
      login: loginOf(vault),
    },
  };
}

/** What neither a server nor a secret may read, wherever the configuration has put it; the data folder besides. */
export function secretFilesOf({ master_key_file: masterKeyFile, tls, oidc, vault, file }: Config): string[] {
  return [
    masterKeyFile,
    tls?.keyFile,
    oidc?.client_secret_file,
    vault?.token_file,
    vault?.secret_id_file,
    vault?.auth === 'kubernetes' ? vault.jwt_file : undefined,
    file,
  ].filter((each) => each !== undefined);
}

/** The files and folders that secrets may come from: of a path for each workspace the folder that holds all of these. No server may read there. */
export function sourcePathsOf({ sources }: Config): string[] {
  return sources.files.map((path) => path.replace(/\/\{workspace\}.*$/, ''));
}

function loginOf(vault: NonNullable<Config['vault']>): HashicorpSettings['login'] {
  switch (vault.auth) {
    case 'token':
      return { method: 'token', tokenFile: vault.token_file };
    case 'approle':
      return { method: 'approle', roleId: vault.role_id ?? '', secretIdFile: vault.secret_id_file };
    case 'kubernetes':
      return { method: 'kubernetes', role: vault.role ?? '', jwtFile: vault.jwt_file };
  }
}
