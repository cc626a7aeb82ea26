// The versions of a secret besides the current one. What is staged belongs to the broker that has staged it, for as long as that broker runs: its lease
// is short and extended again and again. Nobody finishes what a broker that was killed has staged, so it is thrown away as soon as its lease has ended.
import type { Clock } from 'mcpgate-shared/clock';
import { GateError } from 'mcpgate-shared/error';
import type { StagingLease } from '../store/secret-version.ts';
import { inWorkspace } from '../domain/workspace.ts';
import type { StagedSecret } from '../store/secret-rows.ts';
import type { Store } from '../store/store.ts';
import type { OpenedSecret, StagedValue, Versions } from './vault.ts';

const LEASE_MS = 30_000;
const EXTEND_EVERY_MS = 10_000;
/** A broker that runs has written a switch into the log within this time, or it is written twice. */
const RECORD_MS = 15_000;

export interface VersionsOptions {
  store: Pick<Store, 'secrets' | 'secretVersions'>;
  clock: Clock;
  holder: string;
  /** No other broker can use this store: what another run has staged is left over. */
  isAlone: boolean;
  sealer: (workspaceId: string, name: string, value: string) => (version: number) => Uint8Array;
  open: (
    workspaceId: string,
    record: { name: string; version: number; source: string; sealed: Uint8Array },
  ) => Promise<OpenedSecret>;
  changed: (workspaceId: string, name: string) => void;
  writeUses: () => Promise<void>;
  /** Throws `conflict` where the value of this secret comes from elsewhere. */
  assertOwnValue: (workspaceId: string, name: string) => Promise<void>;
}

interface Held {
  staged: StagedValue;
  stop: () => void;
  /** Why its lease could not be extended. */
  error?: unknown;
}

export function createVersions(options: VersionsOptions): Versions & { close(): Promise<void> } {
  const { store, clock, holder } = options;
  const { secretVersions } = store;
  /** What this broker has staged, with the end of its extensions. */
  const held = new Map<string, Held>();

  function hold(staged: StagedValue): void {
    const { workspaceId, name, version } = staged;
    let cancel: () => void = () => undefined;
    const later = () => (cancel = clock.after(EXTEND_EVERY_MS, extend));
    function extend(): void {
      later();
      // Where it fails, the next one is tried; where all do, the lease ends, and `promote` says why it refuses.
      secretVersions.extend(workspaceId, name, version, { holder, until: clock.now() + LEASE_MS }).then(
        () => delete entry.error,
        (error: unknown) => (entry.error = error),
      );
    }
    const entry: Held = { staged, stop: () => cancel() };
    later();
    held.set(keyOf(staged), entry);
  }

  function letGo(staged: StagedValue): void {
    held.get(keyOf(staged))?.stop();
    held.delete(keyOf(staged));
  }

  async function isThere(workspaceId: string, name: string): Promise<boolean> {
    return (await store.secrets.current(workspaceId, name)) !== undefined;
  }

  async function stagedOf(workspaceId: string, name: string): Promise<(StagedSecret & StagingLease) | undefined> {
    const all = await secretVersions.staged();
    return all.find((each) => each.workspaceId === workspaceId && each.name === name);
  }

  /** Whether the broker that has it is gone. */
  const isLeft = (lease: StagingLease): boolean =>
    options.isAlone ? lease.holder !== holder : lease.until <= clock.now();

  /** False where somebody sees to it. */
  async function discardLeft({ workspaceId, name, version, ...lease }: StagedSecret & StagingLease): Promise<boolean> {
    return isLeft(lease) && (await secretVersions.discard(workspaceId, name, version, { holder: lease.holder }));
  }

  return {
    async history(workspaceId, name, of) {
      await options.writeUses();
      return await secretVersions.history(workspaceId, name, of);
    },
    oldest: (workspaceId, name) => secretVersions.oldest(workspaceId, name),
    lastRetired: (workspaceId, name, below) => secretVersions.lastRetired(workspaceId, name, below),
    async value(workspaceId, name, version) {
      const record = await secretVersions.find(workspaceId, name, version);
      if (record !== undefined) return await options.open(workspaceId, record);
      throw new GateError('not_found', noVersion(workspaceId, name, version));
    },
    async stage(workspaceId, name, value, source, about = {}) {
      const seal = options.sealer(workspaceId, name, value);
      await options.assertOwnValue(workspaceId, name);
      const tryOnce = async () =>
        await secretVersions.stage(workspaceId, name, source, seal, {
          ...about,
          holder,
          until: clock.now() + LEASE_MS,
        });
      let made = await tryOnce();
      if (made === undefined) {
        if (!(await isThere(workspaceId, name))) throw new GateError('not_found', noSecret(workspaceId, name));
        const other = await stagedOf(workspaceId, name);
        if (other !== undefined && !(await discardLeft(other))) throw new GateError('conflict', underWay(other));
        made = await tryOnce();
      }
      if (made === undefined) {
        const other = await stagedOf(workspaceId, name);
        throw new GateError('conflict', other === undefined ? changedMeanwhile(name) : underWay(other));
      }
      const staged = { workspaceId, name, ...made };
      hold(staged);
      return staged;
    },
    async promote(staged) {
      const { workspaceId, name } = staged;
      const lease = { holder, until: clock.now() + RECORD_MS };
      const isDone = await secretVersions.promote(workspaceId, name, staged, lease);
      const cause = held.get(keyOf(staged))?.error;
      letGo(staged);
      if (!isDone) throw new GateError('conflict', changedMeanwhile(name), { cause });
      options.changed(workspaceId, name);
    },
    recorded: ({ workspaceId, name, version }) => secretVersions.recorded(workspaceId, name, version),
    async unrecorded() {
      return (await secretVersions.unrecorded()).filter(isLeft);
    },
    async discard(staged) {
      letGo(staged);
      await secretVersions.discard(staged.workspaceId, staged.name, staged.version, { holder });
    },
    async restore(workspaceId, name, version, about) {
      const from = await secretVersions.restore(workspaceId, name, version, about);
      if (from === undefined) throw new GateError('not_found', noVersion(workspaceId, name, version));
      options.changed(workspaceId, name);
      return from;
    },
    async discardLeftOver() {
      const gone: StagedSecret[] = [];
      for (const each of await secretVersions.staged()) if (await discardLeft(each)) gone.push(each);
      return gone;
    },
    async close() {
      for (const { staged, stop } of held.values()) {
        stop();
        await secretVersions.discard(staged.workspaceId, staged.name, staged.version, { holder });
      }
      held.clear();
    },
  };
}

const keyOf = ({ workspaceId, name, version }: StagedValue) => `${workspaceId}/${name}@${version}`;

function noSecret(workspaceId: string, name: string): string {
  const where = inWorkspace(workspaceId);
  return `there is no secret named ${name}: set it first, with \`mcpgate-broker secret set ${name}${where}\``;
}

function noVersion(workspaceId: string, name: string, version: number): string {
  const where = inWorkspace(workspaceId);
  return `the secret ${name} has no version ${version} that could be used again; \`mcpgate-broker secret history ${name}${where}\` shows them`;
}

function underWay({ name, version, setBy, createdAt }: StagedSecret): string {
  const by = setBy === null ? '' : ` by ${setBy}`;
  return `a rotation of the secret ${name} is under way${by}, since ${new Date(createdAt).toISOString()} (version ${version} is staged): wait for its end`;
}

function changedMeanwhile(name: string): string {
  return `the secret ${name} was set or removed by somebody else meanwhile: nothing was switched`;
}
