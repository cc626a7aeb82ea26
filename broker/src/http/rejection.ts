// Bearer tokens in HTTP requests: reads them from the header, and records and answers those that identity rejects.
import type { Audit } from '../audit/audit.ts';
import type { Authentication } from '../identity/authentication.ts';
import type { Audience } from '../domain/people/principal.ts';
import { GateError } from 'mcpgate-shared/error';

/** The token of an `Authorization: Bearer …` header; undefined where the header is missing or another. */
export function bearerOf(header: string | undefined): string | undefined {
  return /^Bearer ([\x21-\x7e]+)$/i.exec(header ?? '')?.[1];
}

/** The `WWW-Authenticate` header of a 401. RFC 6750, section 3: no error code where no token was sent. `more`: further parameters. */
export function bearerChallenge(authorization: string | undefined, more: readonly string[] = []): string {
  const parameters = [...(bearerOf(authorization) === undefined ? [] : ['error="invalid_token"']), ...more];
  return parameters.length === 0 ? 'Bearer' : `Bearer ${parameters.join(', ')}`;
}

/** Records the rejection in the audit log, and makes the error to throw: 401, or 403 for a grant that came from an address where it may not be used. */
export async function rejected(
  audit: Pick<Audit, 'refused'>,
  answer: Authentication & { kind: 'rejected' },
  at: { door: Audience | 'whoami' | 'scim'; address: string; of: object },
): Promise<GateError> {
  const common = { workspace_id: 'default', type: 'auth.rejected', actor: 'anonymous', subject: null };
  const data = { door: at.door, reason: answer.reason };
  await audit.refused({ ...common, address: at.address, data }, at.of);
  const code = answer.reason === 'wrong_address' ? 'forbidden' : 'not_logged_in';
  return new GateError(code, answer.message);
}
