// How many service tokens each laptop has told of, last.
import type { Kysely } from 'kysely';
import type { Database } from '../../schema.ts';

/** How many service tokens each laptop found in the files of its AI clients, last. */
export interface LaptopFindingsRepository {
  /** Returns what it had told before. */
  put(finding: {
    workspaceId: string;
    deviceId: string;
    tokens: number;
    live: number;
    reportedAt: number;
  }): Promise<{ tokens: number; live: number }>;
  /** Laptops that still hold tokens and may still connect. */
  list(workspaceId: string): Promise<{ deviceId: string; tokens: number; live: number }[]>;
}

export function createLaptopFindings(db: Kysely<Database>): LaptopFindingsRepository {
  return {
    put: ({ workspaceId, deviceId, tokens, live, reportedAt }) =>
      db.transaction().execute(async (trx) => {
        const before = await trx
          .selectFrom('laptop_findings')
          .select(['tokens', 'live'])
          .where('workspace_id', '=', workspaceId)
          .where('device_id', '=', deviceId)
          .executeTakeFirst();
        const counts = { tokens, live, reported_at: reportedAt };
        await trx
          .insertInto('laptop_findings')
          .values({ workspace_id: workspaceId, device_id: deviceId, ...counts })
          .onConflict((conflict) => conflict.column('device_id').doUpdateSet(counts))
          .execute();
        return { tokens: before?.tokens ?? 0, live: before?.live ?? 0 };
      }),
    async list(workspaceId) {
      const rows = await db
        .selectFrom('laptop_findings')
        .innerJoin('devices', 'devices.id', 'laptop_findings.device_id')
        .select(['laptop_findings.device_id', 'laptop_findings.tokens', 'laptop_findings.live'])
        .where('laptop_findings.workspace_id', '=', workspaceId)
        .where('laptop_findings.tokens', '>', 0)
        .where('devices.revoked_at', 'is', null)
        .orderBy('laptop_findings.device_id')
        .execute();
      return rows.map(({ device_id: deviceId, tokens, live }) => ({ deviceId, tokens, live }));
    },
  };
}
