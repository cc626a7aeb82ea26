// The versions of a secret that rotations have thrown away. Nothing of them is kept but what the log says.
import type { SecretVersion } from 'mcpgate-shared/api/secrets';
import type { Audit } from '../../audit/audit.ts';

const MOST = 1_000;

/** `kept`: the versions that there are. Numbers below them are of a secret of this name that was removed. */
export async function discardedOf(
  audit: Pick<Audit, 'searchEvents'>,
  { workspaceId, name }: { workspaceId: string; name: string },
  kept: readonly { version: number }[],
): Promise<SecretVersion[]> {
  const oldest = Math.min(...kept.map(({ version }) => version));
  const begun = await audit.searchEvents({ workspaceId, type: 'secret.rotation_begun', limit: MOST });
  return begun.flatMap(({ subject, data, actor, ts }) => {
    const { version } = data;
    if (subject !== `secret:${name}` || typeof version !== 'number' || version < oldest) return [];
    if (kept.some((each) => each.version === version)) return [];
    const never = { expires_at: null, retired_at: null, last_used_at: null };
    return [{ version, state: 'discarded' as const, source: 'rotate', set_by: actor, created_at: ts, ...never }];
  });
}
