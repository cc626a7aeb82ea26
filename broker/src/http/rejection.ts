// A bearer token that did not pass: the audit event, and the answer.
import type { Audit } from '../audit/audit.ts';
import type { Authentication } from '../identity/authentication.ts';
import type { Audience } from '../domain/principal.ts';
import { GateError } from 'mcpgate-shared/error';

/** The token of an `Authorization: Bearer …` header. */
export function bearerOf(header: string | undefined): string | undefined {
  return /^Bearer ([\x21-\x7e]+)$/i.exec(header ?? '')?.[1];
}

/** Records the reject and makes the error for the caller: 401, or 403 for a token that was meant for another door. */
export async function rejected(
  audit: Pick<Audit, 'refused'>,
  answer: Authentication & { kind: 'rejected' },
  at: { door: Audience | 'whoami' | 'scim'; address: string },
): Promise<GateError> {
  await audit.refused({
    workspace_id: 'default',
    type: 'auth.rejected',
    actor: 'anonymous',
    subject: null,
    address: at.address,
    data: { door: at.door, reason: answer.reason },
  });
  const code = answer.reason === 'wrong_address' ? 'forbidden' : 'not_logged_in';
  return new GateError(code, answer.message);
}
