// Custody: the database, the keys and secrets in it, the log, and the other brokers of the same database.
import { createReload } from '../admin/reload/reload.ts';
import { leftBehindEvents } from '../admin/rotation/secret-events.ts';
import { join } from 'node:path';
import { VERSION } from 'mcpgate-shared/version';
import { createLogArchives } from '../audit/archive/archives.ts';
import { assembleLog } from '../audit/assemble-log.ts';
import { sourceSettings } from '../config/source-settings.ts';
import { DEFAULT_WORKSPACE } from '../domain/workspace.ts';
import { sign } from '../hooks/signature.ts';
import { createGuardedFetch } from '../net/guarded-fetch.ts';
import { createReplicas } from '../replicas/replicas.ts';
import { openStore } from '../store/open-store.ts';
import { createVault } from '../vault/create-vault.ts';
import { createKeyRotation } from '../vault/key-rotation.ts';
import { loadMasterKey } from '../vault/master-key.ts';
import { createSecretWatch } from '../vault/secret-watch.ts';
import { PROVIDER_MS, type AssemblyContext } from './context.ts';

/** Opens the store and what stands on it. Throws a GateError where the database or the master key keeps the broker from starting. */
export async function assembleCustody(context: AssemblyContext) {
  const { config, log, clock, doors, unexpected, readConfig, env, pid, self, startedAt, onClose } = context;
  const { data: dataDir, database_url: databaseUrl } = config;
  const masterKey = loadMasterKey({ dataDir, file: config.master_key_file });
  const { durability } = config.audit;
  const store = await openStore({ dataDir, log, clock, self, durability, databaseUrl });
  onClose(() => store.close());
  const vault = await createVault({
    ...{ store, masterKey, clock, holder: self.name },
    isAlone: databaseUrl === undefined,
    sources: {
      ...{ settings: sourceSettings(config), env: env, log },
      onNewValue({ source: { workspaceId, name, reference }, version, from }) {
        const facts = { workspace_id: workspaceId, type: 'secret.changed', actor: 'broker', address: null };
        audit
          .event({ ...facts, subject: `secret:${name}`, data: { version, from, source: reference } })
          .catch((error: unknown) => log.warn({ err: error, name }, 'a new value could not be recorded'));
      },
    },
  });
  onClose(() => vault.close());
  // The process id alone would not do: in containers every broker is process 1.
  const writerId = `${pid}-${startedAt}-${self.name.slice(0, 8)}`;
  const { audit, proofs, checkpointKeys } = assembleLog({
    ...{ store, vault, clock, log, writerId, settings: config.audit, isAlone: databaseUrl === undefined },
    guardedFetch: createGuardedFetch({ allowHosts: config.outbound.allow_hosts, timeoutMs: PROVIDER_MS }),
    sign,
  });
  onClose(() => audit.close());
  const reload = createReload({ config, read: readConfig, certificate: doors.certificate, audit, log });

  const replicas = createReplicas({ bus: store.bus, self, audit, log, clock });
  onClose(() => replicas.close());
  const archives = createLogArchives({
    ...{ store, audit, checkpointKeys, clock, log, holder: self.name, version: VERSION },
    ...{
      folder: config.audit.archives ?? join(dataDir, 'archives'),
      retentionMs: config.audit.retention,
      isAlone: databaseUrl === undefined,
    },
    others: () => replicas.others().map(({ name }) => name),
    writers: () =>
      replicas.isDeaf ? undefined : [writerId, ...replicas.others().map(({ name }) => `-${name.slice(0, 8)}`)],
  });
  onClose(() => archives.close());
  archives.start();
  const keys = createKeyRotation({
    ...{ store, keyring: vault.keyring, bus: store.bus, clock, log },
    record: ({ type, by, data }) =>
      audit.event({
        workspace_id: DEFAULT_WORKSPACE,
        type,
        actor: by.name,
        subject: 'master-key',
        address: by.address,
        data,
      }),
  });
  onClose(() => keys.close());
  const secretWatch = createSecretWatch({
    ...{ store, versions: vault.versions, onChange: vault.onChange, clock, log, maxAgeMs: config.secrets.max_age },
    ...leftBehindEvents(audit),
  });
  onClose(() => secretWatch.close());
  // What the error broke off may have been the handling of a revocation by another broker: everything is read again.
  onClose(unexpected.listen(() => replicas.doubt('an unexpected error')));

  return { store, vault, audit, proofs, archives, reload, replicas, keys, secretWatch };
}

export type Custody = Awaited<ReturnType<typeof assembleCustody>>;
