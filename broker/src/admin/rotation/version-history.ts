// The versions of a secret, the newest first: those that are kept, and between them those that rotations have thrown away. Of these nothing is kept but what
// the log says.
import type { SecretVersion } from 'mcpgate-shared/api/secrets';
import { z } from 'zod';
import type { Audit, FoundCursor } from '../../audit/audit.ts';
import type { Part } from '../../domain/bounds/part.ts';
import type { Vault } from '../../vault/vault.ts';
import { isoTime, isoTimeOrNull } from '../iso-time.ts';
import type { ReadRows, Row } from '../lists/list-operation.ts';

/** `at`: when the version was made, from which the log is searched on. */
export const VersionPlaceSchema = z.strictObject({ version: z.int(), at: z.number() });
type VersionPlace = z.output<typeof VersionPlaceSchema>;

interface OfSecret {
  workspaceId: string;
  name: string;
}

/** The clocks of brokers may differ by so much, or leases would not hold. An event of an older version that is later by no more is found. */
const CLOCKS_DIFFER_MS = 60_000;

/** `oldest`: the oldest version that is kept. Numbers below it are of a secret of this name that was removed. */
export function versionHistory(
  { vault, audit }: { vault: Pick<Vault, 'versions'>; audit: Pick<Audit, 'findEvents'> },
  { workspaceId, name, oldest }: OfSecret & { oldest: number },
  state?: SecretVersion['state'],
): ReadRows<SecretVersion, VersionPlace> {
  /** At most `limit`, of numbers from `from` on. */
  async function thrownAway(
    { after, limit }: Part<VersionPlace>,
    { from, kept }: { from: number; kept: ReadonlySet<number> },
  ): Promise<Row<SecretVersion, VersionPlace>[]> {
    const found: Row<SecretVersion, VersionPlace>[] = [];
    const since = after === undefined || !Number.isFinite(after.at) ? {} : { until: after.at + CLOCKS_DIFFER_MS };
    let before: FoundCursor | undefined;
    do {
      const place = before === undefined ? {} : { before };
      // Every event of the secret, because an index leads to these.
      const { records, next } = await audit.findEvents({
        workspaceId,
        subject: `secret:${name}`,
        ...since,
        ...place,
        limit,
      });
      for (const { type, data, actor, ts } of records) {
        const { version } = data;
        if (type !== 'secret.rotation_begun' || typeof version !== 'number') continue;
        if (version < from) return found;
        if (kept.has(version) || version >= (after?.version ?? Number.POSITIVE_INFINITY)) continue;
        const never = { expires_at: null, retired_at: null, last_used_at: null };
        const item = {
          version,
          state: 'discarded',
          source: 'rotate',
          set_by: actor,
          created_at: ts,
          ...never,
        } as const;
        found.push({ item, place: { version, at: Date.parse(ts) } });
        if (found.length >= limit) return found;
      }
      before = next;
    } while (before !== undefined);
    return found;
  }

  return async (part) => {
    const isOfKept = state !== undefined && state !== 'discarded';
    const kept = await vault.versions.history(workspaceId, name, {
      part: { after: part.after?.version, limit: part.limit },
      ...(isOfKept && { state }),
    });
    const rows = kept.map((each) => ({
      item: {
        ...{ version: each.version, state: each.state, source: each.source, set_by: each.setBy },
        ...{ created_at: isoTime(each.createdAt), expires_at: isoTimeOrNull(each.expiresAt) },
        ...{ retired_at: isoTimeOrNull(each.retiredAt), last_used_at: isoTimeOrNull(each.lastUsedAt) },
      },
      place: { version: each.version, at: each.createdAt },
    }));
    if (isOfKept) return rows;
    const last = kept.at(-1);
    const from = last === undefined || kept.length < part.limit ? oldest : last.version;
    const gone = await thrownAway(part, { from, kept: new Set(kept.map(({ version }) => version)) });
    return [...rows, ...gone].toSorted((a, b) => b.place.version - a.place.version).slice(0, part.limit);
  };
}
