// Grants: labelled bearer tokens for machines, bound to servers. The token is shown once; its SHA-256 is kept.
import { GateError } from 'mcpgate-shared/error';
import type { Clock } from 'mcpgate-shared/clock';
import { z } from 'zod';
import type { Audit } from '../audit/audit.ts';
import type { GrantRecord, Store } from '../store/store.ts';
import type { Grant, Grants } from './identity.ts';
import { parseOrUsage, pickById, requireUser, userNames } from './people.ts';
import type { Revocations } from './revocations.ts';
import { createGrantToken, sha256Hex } from './secret-token.ts';

const NewGrantSchema = z.object({
  label: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'a label is 1 to 64 letters, digits, ".", "_" and "-"'),
  servers: z
    .array(z.string().regex(/^[a-z0-9-]{1,24}$/, 'a server name is 1 to 24 of a-z, 0-9 and "-"'))
    .min(1, 'name at least one server'),
});

export function toGrant(
  { tokenHash: _hash, userId: _userId, ...grant }: GrantRecord,
  user: string | null,
  now: number,
): Grant {
  const expired = grant.expiresAt !== null && grant.expiresAt <= now;
  return { ...grant, user, state: grant.revokedAt !== null ? 'revoked' : expired ? 'expired' : 'active' };
}

export function createGrants(parts: { store: Store; audit: Audit; clock: Clock; revocations: Revocations }): Grants {
  const { store, audit, clock, revocations } = parts;

  const list = async (workspaceId: string): Promise<Grant[]> => {
    const names = await userNames(store, workspaceId);
    const now = clock.now();
    return (await store.grants.list(workspaceId)).map((grant) =>
      toGrant(grant, grant.userId === null ? null : (names.get(grant.userId) ?? null), now),
    );
  };

  return {
    list,
    async issue(workspaceId, input, actor) {
      const { label, servers } = parseOrUsage(NewGrantSchema, input);
      const { expiresAt = null } = input;
      if (expiresAt !== null && expiresAt <= clock.now()) throw new GateError('usage', 'the expiry lies in the past');
      if ((await list(workspaceId)).some((grant) => grant.label === label && grant.state === 'active'))
        throw new GateError('conflict', `an active grant has the label "${label}"; revoke it or choose another label`);
      const user = input.user === undefined ? undefined : await requireUser(store, workspaceId, input.user);
      const token = createGrantToken();
      const record = await store.grants.create({
        workspaceId,
        label,
        userId: user?.id ?? null,
        tokenHash: sha256Hex(token),
        servers,
        expiresAt,
        createdBy: actor.name,
      });
      await audit.event({
        workspace_id: workspaceId,
        type: 'grant.issued',
        actor: actor.name,
        subject: `grant:${label}`,
        address: actor.address,
        data: {
          id: record.id,
          servers,
          user: user?.name ?? null,
          expires_at: expiresAt === null ? null : new Date(expiresAt).toISOString(),
        },
      });
      return { grant: toGrant(record, user?.name ?? null, clock.now()), token };
    },
    async revoke(workspaceId, idOrLabel, actor) {
      const startedAt = clock.now();
      const grants = await list(workspaceId);
      const grant =
        grants.find(({ label, state }) => label === idOrLabel && state === 'active') ??
        pickById(grants, idOrLabel, 'grant');
      if (grant.revokedAt === null) await store.grants.revoke(grant.id, startedAt);
      return revocations.end({
        subject: `grant:${grant.label}`,
        startedAt,
        revocations: [{ workspaceId, kind: 'grant', id: grant.id, reason: `the grant ${grant.label} was revoked` }],
        tokensRevoked: grant.state === 'active' ? 1 : 0,
        event: {
          workspace_id: workspaceId,
          type: 'grant.revoked',
          actor: actor.name,
          address: actor.address,
          data: { id: grant.id },
        },
      });
    },
  };
}
