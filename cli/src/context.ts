// The composition root of the command line: makes everything that commands use from outside, in dependency order. Commands get only this interface;
// tests pass in their own.
import { homedir, hostname } from 'node:os';
import { fileURLToPath } from 'node:url';
import { systemClock, type Clock } from 'mcpgate-shared/clock';
import { GateError } from 'mcpgate-shared/error';
import { parseBrokerUrl } from './auth/broker-url.ts';
import { createHttpFetch, type HttpFetch } from './auth/http-fetch.ts';
import { createBrowser, type Browser } from './laptop/browser.ts';
import { type CredentialStore } from './credentials/credential-store.ts';
import { BACKGROUND_TIMEOUT_MS, PROMPT_TIMEOUT_MS } from './credentials/keychain.ts';
import { openCredentialStore } from './credentials/open-credential-store.ts';
import { connectDaemon } from './serve/connect-daemon.ts';
import type { DaemonConnection } from './local/daemon-connection.ts';
import { effectiveEnvironment } from './laptop/kept-environment.ts';
import type { Environment, Settings, TokenStoreKind } from './laptop/settings-file.ts';
import { createSettingsStore, type SettingsStore } from './laptop/settings.ts';
import { isConfigDirCustom, systemPaths, type Paths } from './laptop/paths.ts';
import { DEFAULT_PROFILE } from './laptop/profile.ts';
import { profileWords } from './laptop/profile-words.ts';
import { createTerminal, type Terminal } from './laptop/terminal.ts';

export interface CliContext {
  /** The environment of the process. */
  readonly env: Environment;
  readonly platform: NodeJS.Platform;
  readonly homedir: string;
  readonly cwd: string;
  readonly hostname: string;
  /** The paths of the running Node and of `bin/mcpgate.cjs`. */
  readonly nodePath: string;
  readonly scriptPath: string;
  readonly stdin: NodeJS.ReadableStream;
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream;
  /** Whether stdout is a terminal. */
  readonly isTTY: boolean;
  readonly stdinIsTTY: boolean;
  /** Writes data to stdout and messages to stderr, with colours and progress on a terminal. */
  readonly terminal: Terminal;
  readonly clock: Clock;
  readonly now: () => number;
  /** The profile that this command is of. The members below are of it, `configDir` and `runtimeDir` of all profiles. */
  readonly paths: Paths;
  readonly profile: string;
  /** The profile as the command line or MCPGATE_PROFILE names it; undefined: it is the one that `mcpgate use` chose. */
  readonly pinnedProfile: string | undefined;
  /** Names the profile, before anything that is of it. Throws `usage` where that is no name of one. */
  selectProfile(name: string | undefined): void;
  /** A text of mcpgate's own in which the commands are typed for this profile. */
  words(text: string): string;
  readonly configDir: string;
  readonly runtimeDir: string;
  /** False: the folder is not the default one, so a process that an AI client starts with almost no environment would look elsewhere. */
  readonly configDirIsDefault: boolean;
  readonly runtimeDirIsDefault: boolean;
  readonly settings: SettingsStore;
  /** The store of the credential. At a terminal it waits until a person unlocks the keychain, else for 2 s. */
  openCredentials(kind: TokenStoreKind): CredentialStore;
  readonly fetch: HttpFetch;
  readonly browser: Browser;
  /** Connects to the daemon. Throws `unreachable` where none runs and `spawn` is false. */
  connectDaemon(options: { spawn: boolean }): Promise<DaemonConnection>;
  /** Aborted on Ctrl-C. */
  readonly interrupted: AbortSignal;
  /** Sets the exit code for a command that throws nothing; 0 by default. */
  setExitCode(code: number): void;
}

export interface OpenedContext {
  context: CliContext;
  exitCode(): number;
  close(): Promise<void>;
}

/** What a command line has of the process that it runs in. */
export interface Host extends Pick<NodeJS.Process, 'env' | 'platform' | 'execPath' | 'cwd'> {
  stdin: NodeJS.ReadableStream & { isTTY?: boolean };
  stdout: NodeJS.WritableStream & { isTTY?: boolean };
  stderr: NodeJS.WritableStream & { isTTY?: boolean };
}

/** The context of a command line. The caller aborts `interrupted` on Ctrl-C. */
export function createContext(host: Host, interrupted: AbortSignal): OpenedContext {
  const { env, platform } = host;
  // Node's own answer is of the process, and the same where this is its environment.
  const home = env[platform === 'win32' ? 'USERPROFILE' : 'HOME'] || homedir();
  // What is of no profile. Read without the choice, which may be damaged and is mended by `mcpgate use`.
  const shared = systemPaths(env, DEFAULT_PROFILE, home);
  let named: string | undefined;
  // Opened at the first use, because the command line may name the profile.
  let opened: OpenProfile | undefined;
  const profile = (): OpenProfile => (opened ??= openProfile(env, named, home));
  const words = (text: string): string => (opened === undefined ? text : opened.words(text));
  const terminal = createTerminal({ stdout: host.stdout, stderr: host.stderr, env, words });
  let exitCode = 0;
  const context: CliContext = {
    env,
    platform,
    homedir: home,
    cwd: host.cwd(),
    hostname: hostname(),
    nodePath: host.execPath,
    scriptPath: scriptPath(),
    stdin: host.stdin,
    stdout: host.stdout,
    stderr: host.stderr,
    isTTY: host.stdout.isTTY === true,
    stdinIsTTY: host.stdin.isTTY === true,
    terminal,
    clock: systemClock,
    now: () => systemClock.now(),
    get paths() {
      return profile().paths;
    },
    get pinnedProfile() {
      return named ?? (env['MCPGATE_PROFILE'] || undefined);
    },
    get profile() {
      return profile().paths.profile;
    },
    selectProfile(name) {
      named = name;
      opened = openProfile(env, name, home);
    },
    words,
    configDir: shared.configDir,
    runtimeDir: shared.runtimeDir,
    configDirIsDefault: !isConfigDirCustom(host),
    runtimeDirIsDefault: (env['MCPGATE_RUNTIME_DIR'] ?? '') === '',
    get settings() {
      return profile().settings;
    },
    openCredentials(kind) {
      const { paths, kept } = profile();
      const { profileDir: configDir, profile: name } = paths;
      const timeoutMs = host.stderr.isTTY === true ? PROMPT_TIMEOUT_MS : BACKGROUND_TIMEOUT_MS;
      return openCredentialStore(kind, { configDir, profile: name, env: kept(), timeoutMs });
    },
    fetch: (url, request) => profile().http().fetch(url, request),
    browser: createBrowser(env, platform),
    connectDaemon({ spawn }) {
      const { paths, stored } = profile();
      const grant = grantOf(env, stored().broker);
      return connectDaemon({ paths, env, scriptPath: scriptPath(), spawn, ...(grant === undefined ? {} : { grant }) });
    },
    interrupted,
    setExitCode: (code) => (exitCode = code),
  };
  return { context, exitCode: () => exitCode, close: async () => await opened?.close() };
}

/** What a command uses of one profile. */
interface OpenProfile {
  readonly paths: Paths;
  readonly settings: SettingsStore;
  /** The settings, or none: a broken file is reported by the command that needs it. */
  stored(): Settings;
  /** The environment, completed by what its login has kept. */
  kept(): Environment;
  http(): ReturnType<typeof createHttpFetch>;
  words(text: string): string;
  close(): Promise<void>;
}

function openProfile(env: Environment, named: string | undefined, home: string): OpenProfile {
  const paths = systemPaths(env, named, home);
  const settings = createSettingsStore(paths.profileDir);
  let http: ReturnType<typeof createHttpFetch> | undefined;
  const stored = (): Settings => {
    try {
      return settings.read();
    } catch (error) {
      if (error instanceof GateError && error.code === 'config') return {};
      throw error;
    }
  };
  const kept = (): Environment => effectiveEnvironment(env, stored());
  return {
    paths,
    settings,
    stored,
    kept,
    http: () => (http ??= createHttpFetch(kept())),
    words: profileWords(paths),
    close: async () => await http?.close(),
  };
}

/** This file is in `cli/src`, or bundled in `cli/dist`; `bin` is beside both folders. */
const scriptPath = (): string => fileURLToPath(new URL('../bin/mcpgate.cjs', import.meta.url));

/** The grant in `MCPGATE_TOKEN`, which is used instead of the stored login, on a link of its own. */
function grantOf(env: Environment, stored: string | undefined): { broker: string; token: string } | undefined {
  const token = env['MCPGATE_TOKEN'];
  if (token === undefined || token === '') return undefined;
  const broker = env['MCPGATE_BROKER'] || stored;
  if (broker === undefined) throw new GateError('usage', 'MCPGATE_TOKEN is set, but no broker: set MCPGATE_BROKER too');
  return { broker: parseBrokerUrl(broker), token };
}
