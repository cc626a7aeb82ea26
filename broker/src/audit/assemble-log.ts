// The log of one run of a broker, put together: the rows it writes, the checkpoints it makes of them, and what proves all of it.
import type { Clock } from 'mcpgate-shared/clock';
import type { Logger } from 'pino';
import type { GuardedFetch } from '../net/guarded-fetch.ts';
import type { Store } from '../store/store.ts';
import type { Vault } from '../vault/vault.ts';
import type { Audit } from './audit.ts';
import { createAuditKeys } from './audit-keys.ts';
import { createAudit } from './create-audit.ts';
import { createCheckpointKeys } from './proof/checkpoint-keys.ts';
import { createCheckpointPlaces, filePlace, urlPlace } from './proof/checkpoint-places.ts';
import { createLogProofs, type LogProofs } from './proof/log-proofs.ts';

const DURABILITY = {
  commit: 'a record of the audit log counts once the database has committed it (audit.durability)',
  disk: 'a record of the audit log counts once it is on disk (audit.durability)',
} as const;

export interface LogSettings {
  durability: keyof typeof DURABILITY;
  /** Where checkpoints are kept besides the log. */
  checkpoints: readonly ({ kind: 'file'; path: string } | { kind: 'url'; url: string })[];
}

export function assembleLog(parts: {
  store: Store;
  vault: Pick<Vault, 'keyring' | 'seal' | 'open'>;
  clock: Clock;
  log: Logger;
  /** Names this broker process's chain; two processes never share one. */
  writerId: string;
  /** No other broker writes into this log. */
  isAlone: boolean;
  settings: LogSettings;
  guardedFetch: GuardedFetch;
}): { audit: Audit; proofs: LogProofs } {
  const { store, vault, clock, log, writerId, isAlone, settings, guardedFetch } = parts;
  const { durability } = settings;
  log.info({ durability }, DURABILITY[durability]);
  const keys = createAuditKeys(vault.keyring);
  const checkpointKeys = createCheckpointKeys({ store, vault });
  const places = createCheckpointPlaces({
    ...{ clock, log },
    places: settings.checkpoints.map((place) =>
      place.kind === 'file' ? filePlace(place.path) : urlPlace(place.url, guardedFetch),
    ),
  });
  const audit = createAudit({
    ...{ store, clock, log, writerId, keys, isOnDisk: durability === 'disk' },
    checkpoints: { signer: checkpointKeys.signer, places, isAlone },
  });
  return { audit, proofs: createLogProofs({ store, audit, keys, checkpointKeys }) };
}
