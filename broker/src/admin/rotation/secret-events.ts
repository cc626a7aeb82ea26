// Writes into the log what somebody has done with a secret.
import type { Audit } from '../../audit/audit.ts';
import type { Actor } from '../../domain/people/receipt.ts';

export type RecordSecretEvent = (
  type: string,
  data: Record<string, string | number | boolean | null | string[]>,
) => Promise<void>;

export function secretEvents(
  audit: Pick<Audit, 'event'>,
  { workspaceId, name, actor }: { workspaceId: string; name: string; actor: Actor },
): RecordSecretEvent {
  return (type, data) =>
    audit.event({
      ...{ workspace_id: workspaceId, type, actor: actor.name, subject: `secret:${name}`, address: actor.address },
      data,
    });
}
