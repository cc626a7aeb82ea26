// Who asks for an operation of the administration, and whether they may: the operator of the host on the socket; a person or an administration
// token over TCP.
import type { FastifyRequest } from 'fastify';
import { may, type Access } from 'mcpgate-shared/api/roles';
import { needsStepUp } from 'mcpgate-shared/api/sign-in/step-up';
import { GateError } from 'mcpgate-shared/error';
import { assertFresh, type Caller, type Operation } from '../../admin/operation.ts';
import type { Audit } from '../../audit/audit.ts';
import { DEFAULT_WORKSPACE } from '../../domain/workspace.ts';
import type { Identity } from '../../identity/identity.ts';
import { rejected } from '../rejection.ts';
import { workspaceOf, type EnterWorkspace } from './enter-workspace.ts';

/** Finds out who asks. Throws `not_logged_in` or `forbidden`. */
export type ResolveCaller = (request: FastifyRequest, operation: Operation) => Promise<Caller>;

/** Finds the caller by a bearer token. Throws `not_logged_in`, after recording it, where the token is rejected. */
export function createResolveCaller(parts: {
  identity: Pick<Identity, 'authenticate' | 'adminTokens'>;
  audit: Pick<Audit, 'refused'>;
}): (bearer: string | undefined, address: string, of: object) => Promise<Caller> {
  const { identity, audit } = parts;
  return async (bearer, address, of) => {
    if (bearer?.startsWith('mca_') === true) {
      const answer = await identity.adminTokens.authenticate(bearer);
      if (answer.kind === 'rejected') throw await rejected(audit, answer, { door: 'api', address, of });
      const { id, label, role, workspaceId, expiresAt } = answer.token;
      const name = `admin-token:${label}`;
      const credential = { kind: 'admin-token', id, label } as const;
      const workspaces = { workspaceId, homeWorkspaceId: workspaceId };
      return { actor: { name, address }, role, ...workspaces, credential, expiresAt: expiresAt ?? undefined };
    }
    const answer = await identity.authenticate(bearer, 'api', address);
    if (answer.kind === 'rejected') throw await rejected(audit, answer, { door: 'api', address, of });
    const { principal } = answer;
    const { user, workspaceId, credential, expiresAt } = principal;
    const name = user?.name ?? `grant:${credential.label}`;
    const role = user?.role ?? 'member';
    const workspaces = { workspaceId, homeWorkspaceId: workspaceId };
    return { actor: { name, address }, role, ...workspaces, credential, principal, expiresAt };
  };
}

/** Everybody who may open the socket is an operator of the host, with full rights; the header only says under which name to record it. */
export function socketCaller(enterWorkspace: EnterWorkspace): ResolveCaller {
  const home = { workspaceId: DEFAULT_WORKSPACE, homeWorkspaceId: DEFAULT_WORKSPACE };
  return (request) => {
    const header = request.headers['x-mcpgate-actor'];
    const name = typeof header === 'string' && /^host:[\w.@\\-]{1,64}$/.test(header) ? header : 'host:unknown';
    const credential = { kind: 'socket', id: 'admin.sock', label: name } as const;
    return enterWorkspace({ actor: { name, address: null }, ...home, role: 'admin', credential }, workspaceOf(request));
  };
}

/**
 * Whether the person in this browser has long not shown who they are. `afterMs`: how long that is; Infinity: it is never asked again. Throws `reauthenticate`
 * where the operation is only for whoever has (`step-up.ts`).
 */
export function checkedFresh(
  { principal }: Pick<Caller, 'principal'>,
  { endpoint }: Pick<Operation, 'endpoint'>,
  { afterMs, now }: { afterMs: number; now: number },
): { isStale: boolean } {
  const at = principal?.authenticatedAt;
  const isStale = at !== undefined && now - at >= afterMs;
  if (needsStepUp(endpoint)) assertFresh({ isStale });
  return { isStale };
}

const NEEDED: Readonly<Record<Access, string>> = {
  admin: 'an administrator',
  operator: 'an operator or an administrator',
  auditor: 'an auditor or an administrator',
  member: 'a person',
  anyone: 'a role of the administration',
};

/** Throws `forbidden` unless the caller's role allows the operation. Operations on one's own devices and grants need a person: a token has none. */
export function assertMay(
  { role, principal }: Pick<Caller, 'role' | 'principal'>,
  { endpoint: { access } }: Pick<Operation, 'endpoint'>,
): void {
  const isNobody = access === 'member' && principal === undefined && !may(role, 'others_things');
  if (may(role, access) && !isNobody) return;
  throw new GateError('forbidden', `this needs ${NEEDED[access]}, and you are here as ${role}`);
}
