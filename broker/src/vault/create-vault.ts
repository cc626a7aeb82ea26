// The vault over the store. A secret is read from the store and unsealed each time that it is asked for, so that a connection is made with its
// current version.
import { randomUUID } from 'node:crypto';
import type { Clock } from 'mcpgate-shared/clock';
import { fingerprintOf, isGuessable } from 'mcpgate-shared/entries/fingerprint';
import { GateError } from 'mcpgate-shared/error';
import { inWorkspace } from '../domain/workspace.ts';
import type { Store } from '../store/store.ts';
import { fillReferences, referencesIn } from 'mcpgate-shared/values/secret-reference';
import { openKeyring } from './keyring.ts';
import type { MasterKey } from './master-key.ts';
import { createUses } from './uses.ts';
import type { OpenedSecret, Vault } from './vault.ts';
import { createVersions } from './versions.ts';

const SECRET_NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$/;
const MAX_VALUE_BYTES = 64 * 1024;

/** Throws `config` where the master key is not the one that the store's secrets were sealed with. */
export async function createVault(options: {
  store: Store;
  masterKey: MasterKey;
  clock: Clock;
  /** The name of this run of the broker: what others have staged is theirs. */
  holder?: string;
  /** No other broker can use this store. */
  isAlone?: boolean;
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
    const opened = await open(workspaceId, record);
    const key = secretKey(workspaceId, name);
    const known = openedVersions.get(key) ?? { workspaceId, name, versions: new Set() };
    known.versions.add(opened.version);
    openedVersions.set(key, known);
    return opened;
  }

  async function open(
    workspaceId: string,
    record: { name: string; version: number; source: string; sealed: Uint8Array },
  ): Promise<OpenedSecret> {
    const { name, version, source } = record;
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

  const versions = createVersions({
    ...{ store, clock, sealer, open, changed },
    holder: options.holder ?? randomUUID(),
    isAlone: options.isAlone ?? false,
    writeUses: () => uses.write(),
  });

  return {
    async set(workspaceId, name, value, source, about) {
      const version = await store.secrets.append(workspaceId, name, source, sealer(workspaceId, name, value), about);
      changed(workspaceId, name);
      return version;
    },
    async add(workspaceId, name, value, source, about) {
      const version = await store.secrets.add(workspaceId, name, source, sealer(workspaceId, name, value), about);
      if (version !== undefined) changed(workspaceId, name);
      return version;
    },
    async list(workspaceId) {
      await uses.write();
      return await store.secrets.list(workspaceId);
    },
    versions,
    async remove(workspaceId, name) {
      const removed = await store.secrets.remove(workspaceId, name);
      if (removed) changed(workspaceId, name);
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
        const plain = await keyring.open(secretContext(workspaceId, name, version), sealed);
        const value = plain === undefined ? '' : Buffer.from(plain).toString('utf8');
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
        versions: [...values].map(([name, { version }]) => `${name}@${version}`),
      };
    },
    used: (workspaceId, versions) => uses.note(workspaceId, versions),
    keyring,
    seal: (purpose, plain) => keyring.seal(['purpose', purpose], plain),
    async open(purpose, sealed) {
      const plain = await keyring.open(['purpose', purpose], sealed);
      if (plain !== undefined) return plain;
      const text = `sealed data (${purpose}) cannot be opened with ${masterKey.file}: its stored form was changed`;
      throw new GateError('internal', text);
    },
    elsewhere: {
      changed: ({ workspaceId, name }) => changed(workspaceId, name),
      async catchUp({ workspaceId, name }) {
        const record = await store.secrets.current(workspaceId, name);
        tellWhereOld(workspaceId, name, record?.version);
      },
      async recheck() {
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

function secretContext(workspaceId: string, name: string, version: number): string[] {
  return ['secret', workspaceId, name, String(version)];
}

function secretKey(workspaceId: string, name: string): string {
  return `${workspaceId}/${name}`;
}
