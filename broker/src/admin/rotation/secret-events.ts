// Writes into the log what somebody has done with a secret.
import type { Audit } from '../../audit/audit.ts';
import type { Actor } from '../../domain/people/receipt.ts';
import type { SecretWatchOptions } from '../../vault/secret-watch.ts';
import type { AuditEvent } from '../../domain/call-record.ts';

export type RecordSecretEvent = (type: string, data: AuditEvent['data']) => Promise<void>;

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

/** Writes what is found of brokers that were killed in the middle of a rotation. */
export function leftBehindEvents(
  audit: Pick<Audit, 'event'>,
): Pick<SecretWatchOptions, 'recordAbandoned' | 'recordRotated'> {
  const actor: Actor = { name: 'broker', address: null };
  return {
    recordAbandoned: ({ workspaceId, name, version, setBy }) =>
      secretEvents(audit, { workspaceId, name, actor })('secret.rotation_abandoned', { version, begun_by: setBy }),
    recordRotated: ({ workspaceId, name, version, from, setBy }) =>
      secretEvents(audit, { workspaceId, name, actor })('secret.rotated', {
        ...{ version, from, verified: null, begun_by: setBy, found_later: true },
      }),
  };
}
