// Looks at all secrets from time to time: warns of those that are too old or expire soon, and sees to what brokers that were killed have left: throws
// away what they have staged, and has the log say what they have switched to.
import type { Clock } from 'mcpgate-shared/clock';
import { inWorkspace } from '../domain/workspace.ts';
import type { SecretInfo } from '../store/secret-rows.ts';
import type { Store } from '../store/store.ts';
import { isReference } from './sources/reference.ts';
import type { Vault } from './vault.ts';

const DAY_MS = 86_400_000;
const LOOK_EVERY_MS = 60_000;
/** After a change, so that many changes are looked at once. */
const LOOK_SOON_MS = 1_000;
/** So long before a secret expires its end is told. */
const AHEAD_MS = 14 * DAY_MS;

export interface SecretAge {
  workspace: string;
  secret: string;
  /** When the version in use was set, and when it expires; ms since the epoch. */
  createdAt: number;
  expiresAt: number | null;
  /** Nobody knows that its services take it: they did not when it was set or tested, or nothing has told, and no connection has carried it. */
  isUnverified: boolean;
}

export interface SecretWatch {
  /** As they were when it looked last. */
  readonly ages: readonly SecretAge[];
  /** What is to be said of a workspace's secrets now. */
  warnings(workspaceId: string): Promise<{ name: string; text: string }[]>;
  /** Looks now, and from then on every minute; resolves after the first time. */
  start(): Promise<void>;
  close(): void;
}

export interface SecretWatchOptions {
  store: Pick<Store, 'workspaces' | 'secrets'>;
  versions: Pick<Vault['versions'], 'discardLeftOver' | 'unrecorded' | 'recorded'>;
  /** Calls the listener after a secret has changed; returns the function that removes it. */
  onChange: (listener: () => void) => () => void;
  clock: Clock;
  log: { warn: (fields: object, text: string) => void };
  /** `Infinity`: no secret is too old. */
  maxAgeMs: number;
  /** What was staged by a broker that was killed is gone. */
  recordAbandoned: (staged: {
    workspaceId: string;
    name: string;
    version: number;
    setBy: string | null;
  }) => Promise<void>;
  /** A broker that was killed has switched to this version, and may not have said so in the log. */
  recordRotated: (switched: {
    workspaceId: string;
    name: string;
    version: number;
    from: number | null;
    setBy: string | null;
  }) => Promise<void>;
}

export function createSecretWatch(options: SecretWatchOptions): SecretWatch {
  const { store, versions, clock, log, maxAgeMs } = options;
  let ages: SecretAge[] = [];
  /** Of each secret that was warned of, when last. */
  const warnedAt = new Map<string, number>();
  let cancel: () => void = () => undefined;
  let isClosed = false;

  const warningOf = (workspaceId: string, secret: SecretInfo) =>
    warningFor(secret, { workspaceId, now: clock.now(), maxAgeMs });

  async function look(): Promise<void> {
    for (const gone of await versions.discardLeftOver()) await options.recordAbandoned(gone);
    for (const switched of await versions.unrecorded()) {
      await options.recordRotated(switched);
      await versions.recorded(switched);
    }
    const found: SecretAge[] = [];
    for (const { name: workspace } of await store.workspaces.list())
      for (const each of await store.secrets.list(workspace)) {
        const { name: secret, createdAt, expiresAt, verified, isUsed } = each;
        found.push({ workspace, secret, createdAt, expiresAt, isUnverified: !(verified ?? isUsed) });
        warnOnceADay(workspace, each);
      }
    ages = found;
  }

  function warnOnceADay(workspace: string, secret: SecretInfo): void {
    const key = `${workspace}/${secret.name}`;
    const text = warningOf(workspace, secret);
    if (text === undefined) return void warnedAt.delete(key);
    const last = warnedAt.get(key);
    if (last !== undefined && clock.now() - last < DAY_MS) return;
    warnedAt.set(key, clock.now());
    log.warn({ workspace, secret: secret.name, version: secret.version }, text);
  }

  async function lookAndGoOn(): Promise<void> {
    try {
      await look();
    } catch (error) {
      log.warn({ err: error }, 'the ages of secrets cannot be looked at now; tried again');
    }
    lookIn(LOOK_EVERY_MS);
  }

  function lookIn(ms: number): void {
    cancel();
    if (!isClosed) cancel = clock.after(ms, () => void lookAndGoOn());
  }

  const stopListening = options.onChange(() => lookIn(LOOK_SOON_MS));

  return {
    get ages() {
      return ages;
    },
    async warnings(workspaceId) {
      return (await store.secrets.list(workspaceId)).flatMap((secret) => {
        const text = warningOf(workspaceId, secret);
        return text === undefined ? [] : [{ name: secret.name, text }];
      });
    },
    start: lookAndGoOn,
    close() {
      isClosed = true;
      stopListening();
      cancel();
    },
  };
}

/** Undefined where nothing is wrong with it. */
function warningFor(
  { name, version, source, createdAt, expiresAt }: SecretInfo,
  { workspaceId, now, maxAgeMs }: { workspaceId: string; now: number; maxAgeMs: number },
): string | undefined {
  const what = `secret ${name} (version ${version})`;
  const next = isReference(source)
    ? `make a new one at its service, and put it where it is read from: ${source}`
    : `make a new one at its service, then: mcpgate-broker secret rotate ${name}${inWorkspace(workspaceId)}`;
  if (expiresAt !== null && expiresAt <= now) return `${what} has expired on ${dayOf(expiresAt)}; ${next}`;
  if (expiresAt !== null && expiresAt - now <= AHEAD_MS) return `${what} expires on ${dayOf(expiresAt)}; ${next}`;
  const days = Math.floor((now - createdAt) / DAY_MS);
  if (now - createdAt <= maxAgeMs) return undefined;
  const most = Math.round((maxAgeMs / DAY_MS) * 10) / 10;
  return `${what} is ${days} days old, and secrets.max_age is ${most} days; ${next}`;
}

const dayOf = (at: number): string => new Date(at).toISOString().slice(0, 10);
