// The log of one run of a broker, put together: the rows it writes, the checkpoints it makes of them, and what proves all of it.
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import type { Clock } from 'mcpgate-shared/clock';
import { fileFault } from 'mcpgate-shared/file-fault';
import { GateError } from 'mcpgate-shared/error';
import type { Logger } from 'pino';
import type { CheckpointPlaceSetting } from '../config/audit-schema.ts';
import { readCarriedVersion } from '../domain/call-record.ts';
import { DEFAULT_WORKSPACE } from '../domain/workspace.ts';
import type { GuardedFetch } from '../net/guarded-fetch.ts';
import type { Store } from '../store/store.ts';
import type { Vault } from '../vault/vault.ts';
import type { Audit } from './audit.ts';
import { createAuditKeys } from './audit-keys.ts';
import { createAudit } from './create-audit.ts';
import { type CheckpointKeys, createCheckpointKeys } from './proof/checkpoint-keys.ts';
import { type CheckpointPlace, createCheckpointPlaces, filePlace } from './proof/checkpoint-places.ts';
import { s3Place, type SignBody, syslogPlace, urlPlace } from './proof/other-places.ts';
import { createSearchThreads } from './search/search-threads.ts';
import { createLogProofs, type LogProofs } from './proof/log-proofs.ts';

const DURABILITY = {
  commit: 'a record of the audit log counts once the database has committed it (audit.durability)',
  disk: 'a record of the audit log counts once it is on disk (audit.durability)',
} as const;

export interface LogSettings {
  durability: keyof typeof DURABILITY;
  /** Where checkpoints are kept besides the log. */
  checkpoints: readonly CheckpointPlaceSetting[];
}

export function assembleLog(parts: {
  store: Store;
  vault: Pick<Vault, 'keyring' | 'seal' | 'open' | 'resolve' | 'used'>;
  clock: Clock;
  log: Logger;
  /** Names this broker process's chain; two processes never share one. */
  writerId: string;
  /** No other broker writes into this log. */
  isAlone: boolean;
  settings: LogSettings;
  guardedFetch: GuardedFetch;
  /** Signs what is sent to addresses. */
  sign: SignBody;
}): { audit: Audit; proofs: LogProofs; checkpointKeys: CheckpointKeys } {
  const { store, vault, clock, log, writerId, isAlone, settings, guardedFetch } = parts;
  const { durability } = settings;
  log.info({ durability }, DURABILITY[durability]);
  const keys = createAuditKeys(vault.keyring);
  const checkpointKeys = createCheckpointKeys({ store, vault });
  const places = createCheckpointPlaces({
    ...{ clock, log },
    places: settings.checkpoints.map(placeOf),
  });
  const audit = createAudit({
    ...{ store, clock, log, writerId, keys, isOnDisk: durability === 'disk' },
    search: createSearchThreads(store.audit.source(), clock),
    checkpoints: { signer: checkpointKeys.signer, places, isAlone },
  });
  return { audit, proofs: createLogProofs({ store, audit, keys, checkpointKeys, log }), checkpointKeys };

  /** A place that has taken a checkpoint has taken the secret in `text`: whoever looks at that secret sees that it is used, and good. */
  function verifying(text: string, placeWith: (secret: () => Promise<string>) => CheckpointPlace): CheckpointPlace {
    let carried: readonly string[] = [];
    let noted: readonly string[] = [];
    const place = placeWith(async () => {
      const { value, versions } = await vault.resolve(DEFAULT_WORKSPACE, text);
      carried = versions;
      return value;
    });
    return {
      name: place.name,
      async keep(line) {
        await place.keep(line);
        const fresh = carried.filter((version) => !noted.includes(version));
        noted = carried;
        // That it could not be noted makes nothing of the checkpoint, which is where it should be.
        const failed = (error: unknown): void =>
          log.warn({ err: error }, 'the use of a secret could not be written down');
        for (const { name, version } of fresh.map(readCarriedVersion))
          await store.secretVersions.noteVerified(DEFAULT_WORKSPACE, name, true, version).catch(failed);
        vault.used(DEFAULT_WORKSPACE, carried)?.catch(failed);
      },
    };
  }

  function placeOf(place: CheckpointPlaceSetting): CheckpointPlace {
    switch (place.kind) {
      case 'file':
        return filePlace(place.path);
      case 'url': {
        const { url } = place;
        const signing = { sign: parts.sign, now: clock.now };
        if (!('secret' in place)) return urlPlace({ url }, guardedFetch, signing);
        return verifying(place.secret, (secret) => urlPlace({ url, secret }, guardedFetch, signing));
      }
      case 'syslog': {
        const ca = 'caFile' in place ? certificatesIn(place.caFile) : undefined;
        return syslogPlace({ url: place.url, ca }, hostname());
      }
      case 's3':
        return verifying(place.secretAccessKey, (secretAccessKey) =>
          s3Place({ ...place, secretAccessKey }, guardedFetch),
        );
    }
  }
}

function certificatesIn(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new GateError('config', `audit.checkpoints: ${file} cannot be read: ${fileFault(error)}`, { cause: error });
  }
}
