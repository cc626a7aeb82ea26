// The register of administration tokens: bearer tokens for the API with a label and a role of their own, and without a person. A token is shown
// once; the store keeps its SHA-256.
import { GateError } from 'mcpgate-shared/error';
import type { Clock } from 'mcpgate-shared/clock';
import { NO_TOKEN_ROLE, TOKEN_ROLES } from 'mcpgate-shared/api/roles';
import { z } from 'zod';
import type { Audit } from '../../audit/audit.ts';
import type { AdminToken, AdminTokenRecord } from '../../domain/people/people.ts';
import type { Store } from '../../store/store.ts';
import { rejected, TOUCH_EVERY_MS } from '../authenticate.ts';
import type { AdminTokens } from '../authentication.ts';
import { LabelSchema, parseOrUsage, pickToken, stateOf } from './people.ts';
import type { Revocations } from '../revocations.ts';
import { createToken, isToken, sameText, sha256Hex } from '../../store/secret-token.ts';
import { changeNotes } from '../../domain/change-notes.ts';

const NewTokenSchema = z.object({
  label: LabelSchema,
  role: z.enum(TOKEN_ROLES, NO_TOKEN_ROLE),
});

function toAdminToken({ tokenHash: _hash, ...token }: AdminTokenRecord, now: number): AdminToken {
  return { ...token, state: stateOf(token, now) };
}

const ISSUE_ANOTHER = 'an administrator can issue another with `mcpgate-broker admin-token issue`';

export function createAdminTokens(parts: {
  store: Store;
  audit: Audit;
  clock: Clock;
  revocations: Revocations;
}): AdminTokens {
  const { store, audit, clock, revocations } = parts;
  const list: AdminTokens['list'] = async (workspaceId, part) =>
    (await store.adminTokens.list(workspaceId, part)).map((token) => toAdminToken(token, clock.now()));

  return {
    list,
    async authenticate(token) {
      if (!isToken(token, 'mca_')) return rejected('mistyped');
      const hash = sha256Hex(token);
      const record = await store.adminTokens.byTokenHash(hash);
      if (record === undefined || !sameText(record.tokenHash, hash))
        return { ...rejected('unknown'), message: `this administration token is not known here; ${ISSUE_ANOTHER}` };
      const now = clock.now();
      const state = stateOf(record, now);
      if (state === 'expired')
        return { ...rejected(state), message: `this administration token has expired; ${ISSUE_ANOTHER}` };
      if (state === 'revoked') return rejected(state);
      if (record.lastUsedAt === null || now - record.lastUsedAt >= TOUCH_EVERY_MS)
        await store.adminTokens.touch(record.id, now);
      return { kind: 'ok', token: toAdminToken(record, now) };
    },
    async issue(workspaceId, input, actor) {
      const { label, role } = parseOrUsage(NewTokenSchema, input);
      const { expiresAt = null } = input;
      if (expiresAt !== null && expiresAt <= clock.now()) throw new GateError('usage', 'the expiry lies in the past');
      if ((await list(workspaceId)).some((token) => token.label === label && token.state === 'active'))
        throw new GateError('conflict', `an active token has the label "${label}"; revoke it or choose another label`);
      const token = createToken('mca_');
      const record = await store.adminTokens.create({
        workspaceId,
        label,
        role,
        tokenHash: sha256Hex(token),
        expiresAt,
        createdBy: actor.name,
      });
      const issued = { role, expires_at: expiresAt === null ? null : new Date(expiresAt).toISOString() };
      await audit.event({
        workspace_id: workspaceId,
        type: 'admin_token.issued',
        actor: actor.name,
        subject: `admin-token:${label}`,
        address: actor.address,
        data: { id: record.id, ...issued, ...changeNotes(undefined, { state: 'active', ...issued }) },
      });
      return { token, record: toAdminToken(record, clock.now()) };
    },
    async revoke(workspaceId, idOrLabel, actor) {
      const startedAt = clock.now();
      const tokens = await list(workspaceId);
      const token = pickToken(tokens, idOrLabel, { what: 'admin-token', workspaceId });
      if (token.revokedAt === null) await store.adminTokens.revoke(token.id, startedAt);
      return revocations.end({
        subject: `admin-token:${token.label}`,
        startedAt,
        revocations: [{ workspaceId, kind: 'admin-token', id: token.id, reason: `${token.label} was revoked` }],
        tokensRevoked: token.state === 'active' ? 1 : 0,
        event: {
          workspace_id: workspaceId,
          type: 'admin_token.revoked',
          actor: actor.name,
          address: actor.address,
          data: { id: token.id, ...changeNotes({ state: token.state }, { state: 'revoked' }) },
        },
      });
    },
  };
}
