// The register of grants: labelled bearer tokens for machines, bound to servers. A token is shown once; the store keeps its SHA-256.
import type { Grant, GrantRecord, UserRecord } from '../../domain/people/people.ts';
import { GateError } from 'mcpgate-shared/error';
import type { Clock } from 'mcpgate-shared/clock';
import { z } from 'zod';
import type { Audit } from '../../audit/audit.ts';
import type { Store } from '../../store/store.ts';
import type { Grants } from './registers.ts';
import { grantStateOf, LabelSchema, parseOrUsage, peopleOf, pickToken, requireUser } from './people.ts';
import type { Revocations } from '../revocations.ts';
import { createToken, sha256Hex } from '../../store/secret-token.ts';
import { changeNotes } from '../../domain/change-notes.ts';

const NewGrantSchema = z.object({
  label: LabelSchema,
  servers: z
    .array(z.string().regex(/^[a-z0-9-]{1,24}$/, 'a server name is 1 to 24 of a-z, 0-9 and "-"'))
    .min(1, 'name at least one server'),
  allowFrom: z
    .array(z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()], 'write an address or a range, as 10.0.0.0/8'))
    .default([]),
});

export function toGrant(
  { tokenHash: _hash, userId: _userId, ...grant }: GrantRecord,
  owner: Pick<UserRecord, 'name' | 'disabledAt'> | undefined,
  now: number,
): Grant {
  return { ...grant, user: owner?.name ?? null, state: grantStateOf(grant, owner, now) };
}

/** Whether the grant works, or will work again once its person is enabled: its label cannot be given to another one. */
const mayStillWork = ({ state }: Grant): boolean => state === 'active' || state === 'suspended';

export function createGrants(parts: { store: Store; audit: Audit; clock: Clock; revocations: Revocations }): Grants {
  const { store, audit, clock, revocations } = parts;

  const list: Grants['list'] = async (workspaceId, part) => {
    const grants = await store.grants.list(workspaceId, part);
    const ids = grants.flatMap(({ userId }) => userId ?? []);
    const owners = await peopleOf(store, ids);
    const now = clock.now();
    return grants.map((grant) => toGrant(grant, grant.userId === null ? undefined : owners.get(grant.userId), now));
  };

  return {
    list,
    async issue(workspaceId, input, actor) {
      const { label, servers, allowFrom } = parseOrUsage(NewGrantSchema, input);
      const { expiresAt = null } = input;
      if (expiresAt !== null && expiresAt <= clock.now()) throw new GateError('usage', 'the expiry lies in the past');
      if ((await list(workspaceId)).some((grant) => grant.label === label && mayStillWork(grant)))
        throw new GateError('conflict', `an active grant has the label "${label}"; revoke it or choose another label`);
      const user = input.user === undefined ? undefined : await requireUser(store, workspaceId, input.user);
      const token = createToken('mcg_');
      const record = await store.grants.create({
        workspaceId,
        label,
        userId: user?.id ?? null,
        tokenHash: sha256Hex(token),
        servers: [...new Set(servers)],
        allowFrom,
        expiresAt,
        createdBy: actor.name,
      });
      const issued = {
        servers: record.servers,
        allow_from: allowFrom,
        user: user?.name ?? null,
        expires_at: expiresAt === null ? null : new Date(expiresAt).toISOString(),
      };
      await audit.event({
        workspace_id: workspaceId,
        type: 'grant.issued',
        actor: actor.name,
        subject: `grant:${label}`,
        address: actor.address,
        data: { id: record.id, ...issued, ...changeNotes(undefined, { state: 'active', ...issued }) },
      });
      return { grant: toGrant(record, user, clock.now()), token };
    },
    async revoke(workspaceId, idOrLabel, actor, filter = {}) {
      const startedAt = clock.now();
      const all = await list(workspaceId);
      const grants = filter.user === undefined ? all : all.filter((grant) => grant.user === filter.user);
      const grant = pickToken(grants, idOrLabel, { what: 'grant', workspaceId });
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
          data: { id: grant.id, ...changeNotes({ state: grant.state }, { state: 'revoked' }) },
        },
        caller: { name: grant.user ?? `grant:${grant.label}`, credentialId: grant.id },
      });
    },
  };
}
