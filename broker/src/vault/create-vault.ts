// The vault over the store. A secret is read from the store and unsealed each time that it is asked for, so that a connection is made with its
// current version.
import { createHmac, randomBytes, randomUUID } from 'node:crypto';
import type { Clock } from 'mcpgate-shared/clock';
import { fingerprintOf, isGuessable } from 'mcpgate-shared/entries/fingerprint';
import { GateError } from 'mcpgate-shared/error';
import { carriedVersion, readCarriedVersion } from '../domain/call-record.ts';
import { inWorkspace } from '../domain/workspace.ts';
import type { Store } from '../store/store.ts';
import { fillReferences, referencesIn } from 'mcpgate-shared/values/secret-reference';
import type { SourceSettings } from '../config/source-settings.ts';
import { openKeyring, type Keyring } from './keyring.ts';
import type { MasterKey } from './master-key.ts';
import { createSources, NO_SOURCES } from './sources/create-sources.ts';
import { createFollowedSecrets, type FollowedOptions } from './sources/followed-secrets.ts';
import { MAX_VALUE_BYTES } from './sources/one-value.ts';
import { createUses } from './uses.ts';
import type { OpenedSecret, Vault } from './vault.ts';
import { createVersions } from './versions.ts';

const SILENT: FollowedOptions['log'] = { warn: () => undefined, info: () => undefined };
const SECRET_NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$/;
/** What the key of the fingerprints is called, in the store and where it is sealed. */
const FINGERPRINTS = 'vault.fingerprints';

export interface SourceSurroundings {
  settings: SourceSettings;
  env: Readonly<Record<string, string | undefined>>;
  log: FollowedOptions['log'];
  onNewValue: FollowedOptions['onNewValue'];
}

/** Throws `config` where the master key is not the one that the store's secrets were sealed with. */
export async function createVault(options: {
  store: Store;
  masterKey: MasterKey;
  clock: Clock;
  /** The name of this run of the broker: what others have staged is theirs. */
  holder?: string;
  /** No other broker can use this store. */
  isAlone?: boolean;
  /** Left out: every secret is kept here. */
  sources?: SourceSurroundings;
}): Promise<Vault> {
  const { store, masterKey, clock } = options;
  const keyring = await openKeyring(options);

  const listeners = new Set<(change: { workspaceId: string; name: string }) => void>();
  /** The versions of each secret that were opened here since listeners were last told of it, to find out which ones other brokers have changed. */
  const openedVersions = new Map<string, { workspaceId: string; name: string; versions: Set<number> }>();
  const uses = createUses({ store, clock });

  function changed(workspaceId: string, name: string): void {
    openedVersions.delete(secretKey(workspaceId, name));
    for (const listener of [...listeners]) listener({ workspaceId, name });
  }

  function tellWhereOld(workspaceId: string, name: string, current: number | undefined): void {
    const opened = openedVersions.get(secretKey(workspaceId, name))?.versions ?? new Set();
    if ([...opened].some((version) => version !== current)) changed(workspaceId, name);
  }

  async function read(workspaceId: string, name: string): Promise<OpenedSecret> {
    const record = await store.secrets.current(workspaceId, name);
    if (record === undefined) {
      const text = `there is no secret named ${name}: set it with mcpgate-broker secret set ${name}${inWorkspace(workspaceId)}`;
      throw new GateError('not_found', text);
    }
    if (record.fingerprint !== null) return await readElsewhere(workspaceId, name);
    const opened = await open(workspaceId, record);
    const key = secretKey(workspaceId, name);
    const known = openedVersions.get(key) ?? { workspaceId, name, versions: new Set() };
    known.versions.add(opened.version);
    openedVersions.set(key, known);
    return opened;
  }

  /** Where it comes from a source. What another broker changes meanwhile is read as it is now. */
  async function readElsewhere(workspaceId: string, name: string): Promise<OpenedSecret> {
    const source = await store.secretSources.find(workspaceId, name);
    if (source === undefined) return await read(workspaceId, name);
    const found = await followed.value(source);
    return found === undefined
      ? await read(workspaceId, name)
      : { ...found, imported: false, source: source.reference };
  }

  async function open(
    workspaceId: string,
    record: { name: string; version: number; source: string; sealed: Uint8Array },
  ): Promise<OpenedSecret> {
    const { name, version, source } = record;
    if (record.sealed.length === 0) {
      const text = `the value of ${name}, version ${version}, is not kept here: it was read from ${source}`;
      throw new GateError('not_found', text);
    }
    const plain = await keyring.open(secretContext(workspaceId, name, version), record.sealed);
    if (plain === undefined) {
      const text = `the secret ${name} (version ${version}) cannot be opened with ${masterKey.file}: its stored form was changed; set it again`;
      throw new GateError('internal', text);
    }
    return { value: Buffer.from(plain).toString('utf8'), version, imported: source === 'import' };
  }

  /** Returns the function that seals the value once the store has chosen the version. Throws `usage` or `too_large` for a bad name or value. */
  function sealer(workspaceId: string, name: string, value: string): (version: number) => Uint8Array {
    checkName(name);
    const plain = checkValue(name, value);
    return (version) => keyring.seal(secretContext(workspaceId, name, version), plain);
  }

  const fingerprintKey = await keyOfFingerprints(store, keyring);
  const { settings = NO_SOURCES, env = {}, log = SILENT, onNewValue = () => undefined } = options.sources ?? {};
  const followed = createFollowedSecrets({
    ...{ store, clock, log, changed, onNewValue },
    sources: createSources(settings, { env, clock }),
    fingerprint: ({ workspaceId, name }, value) =>
      createHmac('sha256', fingerprintKey)
        .update(JSON.stringify([workspaceId, name, value]))
        .digest('base64url'),
    seal: ({ workspaceId, name }, version, value) =>
      keyring.seal(secretContext(workspaceId, name, version), Buffer.from(value)),
    async open({ workspaceId, name }, version, sealed) {
      return (await open(workspaceId, { name, version, source: '', sealed })).value;
    },
  });

  const versions = createVersions({
    ...{ store, clock, sealer, open, changed },
    holder: options.holder ?? randomUUID(),
    isAlone: options.isAlone ?? false,
    writeUses: () => uses.write(),
    async assertOwnValue(workspaceId, name) {
      const source = await store.secretSources.find(workspaceId, name);
      if (source === undefined) return;
      const text = `the value of ${name} comes from ${source.reference}: change it there, and it is taken over by itself`;
      throw new GateError('conflict', text);
    },
  });

  return {
    async set(workspaceId, name, value, source, about) {
      const version = await store.secrets.append(workspaceId, name, source, sealer(workspaceId, name, value), about);
      await followed.recheck({ workspaceId, name });
      changed(workspaceId, name);
      return version;
    },
    async add(workspaceId, name, value, source, about) {
      const version = await store.secrets.add(workspaceId, name, source, sealer(workspaceId, name, value), about);
      if (version !== undefined) changed(workspaceId, name);
      return version;
    },
    async list(workspaceId, part) {
      await uses.write();
      return await store.secrets.list(workspaceId, part);
    },
    versions,
    sources: {
      async set(workspaceId, name, order, about = {}) {
        checkName(name);
        return await followed.set({ workspaceId, name }, order, about);
      },
      async prepare(workspaceId, name, order) {
        checkName(name);
        return await followed.prepare({ workspaceId, name }, order);
      },
      views: (workspaceId) => followed.views(workspaceId),
      start: () => followed.start(),
    },
    async remove(workspaceId, name, about) {
      const removed = await store.secrets.remove(workspaceId, name, about);
      if (removed) {
        await followed.recheck({ workspaceId, name });
        changed(workspaceId, name);
      }
      return removed;
    },
    async value(workspaceId, name) {
      checkName(name);
      return await read(workspaceId, name);
    },
    async recognise(workspaceId, fingerprintKey, fingerprints) {
      if (fingerprints.size === 0) return [];
      const recognised = [];
      for (const { name, version, sealed, isCurrent } of await store.secrets.versions(workspaceId)) {
        const read = followed.readAs({ workspaceId, name }, version);
        const plain =
          sealed.length === 0 ? undefined : await keyring.open(secretContext(workspaceId, name, version), sealed);
        const value = read ?? (plain === undefined ? '' : Buffer.from(plain).toString('utf8'));
        if (isGuessable(value)) continue;
        const fingerprint = fingerprintOf(fingerprintKey, 'secret', value);
        if (fingerprints.has(fingerprint)) recognised.push({ fingerprint, name, version, isCurrent });
      }
      return recognised;
    },
    async resolve(workspaceId, text) {
      const values = new Map<string, OpenedSecret>();
      for (const { kind, name } of referencesIn(text)) {
        if (kind !== 'secret' || values.has(name)) continue;
        checkName(name);
        values.set(name, await read(workspaceId, name));
      }
      if (values.size === 0) return { value: text, versions: [] };
      return {
        value: fillReferences(text, (name) => values.get(name)?.value),
        versions: [...values].map(([name, { version }]) => carriedVersion({ name, version })),
      };
    },
    used: (workspaceId, versions) => uses.note(workspaceId, versions),
    refused(workspaceId, versions) {
      for (const each of versions) {
        const { name, version } = readCarriedVersion(each);
        followed.doubt({ workspaceId, name }, version);
      }
    },
    keyring,
    seal: (purpose, plain) => keyring.seal(['purpose', purpose], plain),
    async open(purpose, sealed) {
      const plain = await keyring.open(['purpose', purpose], sealed);
      if (plain !== undefined) return plain;
      const text = `sealed data (${purpose}) cannot be opened with ${masterKey.file}: its stored form was changed`;
      throw new GateError('internal', text);
    },
    elsewhere: {
      changed(change) {
        const isFollowed = followed.isFollowed(change);
        if (!isFollowed) changed(change.workspaceId, change.name);
        followed.recheck(change).then(
          (isSource) => {
            if (isFollowed && !isSource) changed(change.workspaceId, change.name);
          },
          (error: unknown) => log.warn({ err: error, name: change.name }, 'where a secret comes from cannot be read'),
        );
      },
      async catchUp({ workspaceId, name }) {
        const isFollowed = followed.isFollowed({ workspaceId, name });
        const isSource = await followed.recheck({ workspaceId, name });
        if (isSource) return;
        if (isFollowed) changed(workspaceId, name);
        const record = await store.secrets.current(workspaceId, name);
        tellWhereOld(workspaceId, name, record?.version);
      },
      async recheck() {
        await followed.recheckAll();
        for (const [workspaceId, opened] of Map.groupBy(openedVersions.values(), (each) => each.workspaceId)) {
          const now = new Map((await store.secrets.list(workspaceId)).map(({ name, version }) => [name, version]));
          for (const { name } of opened) tellWhereOld(workspaceId, name, now.get(name));
        }
      },
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async close() {
      followed.close();
      await versions.close();
      await uses.write();
    },
  };
}

function checkName(name: string): void {
  if (SECRET_NAME.test(name)) return;
  const text = `${JSON.stringify(name.slice(0, 150))} is no name for a secret: use up to 128 letters, digits and . _ -, starting with a letter or digit`;
  throw new GateError('usage', text);
}

function checkValue(name: string, value: string): Uint8Array {
  if (value === '') throw new GateError('usage', `the value of the secret ${name} is empty`);
  if (!value.isWellFormed()) throw new GateError('usage', `the value of the secret ${name} is not valid text`);
  const plain = Buffer.from(value, 'utf8');
  if (plain.length <= MAX_VALUE_BYTES) return plain;
  throw new GateError(
    'too_large',
    `the value of the secret ${name} is ${plain.length} bytes; at most ${MAX_VALUE_BYTES} are kept`,
  );
}

async function keyOfFingerprints(store: Store, keyring: Keyring): Promise<Uint8Array> {
  const context = ['purpose', FINGERPRINTS];
  const fresh = Buffer.from(keyring.seal(context, randomBytes(32))).toString('base64');
  const kept = await store.settings.putIfAbsent(FINGERPRINTS, fresh);
  const key = await keyring.open(context, Buffer.from(kept, 'base64'));
  if (key !== undefined) return key;
  throw new GateError('internal', 'the key of the fingerprints of secrets was changed: restore a backup');
}

function secretContext(workspaceId: string, name: string, version: number): string[] {
  return ['secret', workspaceId, name, String(version)];
}

function secretKey(workspaceId: string, name: string): string {
  return `${workspaceId}/${name}`;
}
