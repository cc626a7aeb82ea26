// A long log on disk for measurements, made once: `node test/bench/audit/audit-log.ts FOLDER CALLS [DATABASE_URL]`. Each call is two rows.
import { seal, unseal } from '../../../broker/src/vault/seal.ts';
import { generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { systemClock } from 'mcpgate-shared/clock';
import { createAuditKeys } from '../../../broker/src/audit/audit-keys.ts';
import { createAudit } from '../../../broker/src/audit/create-audit.ts';
import { createCheckpointPlaces } from '../../../broker/src/audit/proof/checkpoint-places.ts';
import { createLogger } from '../../../broker/src/log/logger.ts';
import { openStore } from '../../../broker/src/store/open-store.ts';
import { writeCalls } from './audit-rows.ts';

export const quiet = createLogger({ level: 'error', format: 'json', colours: false, write: () => undefined });
export const sealKey = new Uint8Array(32);
export const keys = createAuditKeys({
  derive: () => ({ id: 'bench', bytes: sealKey }),
  dataKeyIds: () => ['bench'],
  seal: (context, plain) => seal(sealKey, context, plain),
  open: async (context, sealed) => unseal(sealKey, context, sealed),
});

const DAY_MS = 86_400_000;
const DAYS = 100;

/** So many calls over the last hundred days. Returns at once where the folder has them already. */
export async function longLog(folder: string, calls: number, databaseUrl?: string): Promise<{ publicPem: string }> {
  const done = join(folder, `log-of-${calls}.pem`);
  if (existsSync(done)) return { publicPem: readFileSync(done, 'utf8') };
  mkdirSync(folder, { recursive: true });
  const pair = generateKeyPairSync('ed25519');
  const end = Date.now();
  let written = 0;
  const now = (): number => end - DAYS * DAY_MS + Math.floor((written / calls) * DAYS * DAY_MS);
  const clock = { ...systemClock, now };
  const store = await openStore({
    ...{ dataDir: folder, log: quiet, clock },
    ...(databaseUrl === undefined ? {} : { databaseUrl }),
  });
  const checkpoints = {
    signer: () => Promise.resolve({ kid: 'audit-1', key: pair.privateKey }),
    places: createCheckpointPlaces({ places: [], clock, log: quiet }),
    isAlone: true,
  };
  const PART = Math.ceil(calls / 10);
  for (let chain = 0; written < calls; chain += 1) {
    const audit = createAudit({ store, clock, writerId: `bench-${chain}`, log: quiet, keys, checkpoints });
    for (const until = Math.min(calls, written + PART); written < until; written += 1_000)
      await writeCalls(audit, Math.min(1_000, until - written), 250, written);
    await audit.close();
  }
  await store.close();
  if (databaseUrl !== undefined) await analyze(databaseUrl);
  const publicPem = pair.publicKey.export({ type: 'spki', format: 'pem' }).toString();
  writeFileSync(done, publicPem);
  return { publicPem };
}

/** What PostgreSQL does by itself after a while, where it is not one for tests. */
async function analyze(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query('VACUUM ANALYZE');
  await client.end();
}

if (import.meta.main) {
  const [, , folder = '', calls = '5000000', url] = process.argv;
  await longLog(folder, Number(calls), url);
}
