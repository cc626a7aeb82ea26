// Identity assertions of the company's IdP (ID-JAG, draft-ietf-oauth-identity-assertion-authz-grant): by one the IdP says that a person may use
// this broker through one AI client. It is verified here, and accepted once over all brokers.
import { errors as joseErrors, jwtVerify } from 'jose';
import type { Clock } from 'mcpgate-shared/clock';
import { GateError } from 'mcpgate-shared/error';
import { z } from 'zod';
import type { UserRecord } from '../../domain/people/people.ts';
import type { Store } from '../../store/store.ts';
import { sha256Hex } from '../../store/secret-token.ts';
import { MCP_SCOPE } from '../oauth/oauth-settings.ts';
import { canonicalResource, readResource } from '../oauth/resources.ts';
import type { IdpMetadata } from './idp-metadata.ts';
import { CLOCK_TOLERANCE_S, SIGNATURES } from './idp-tokens.ts';

const KIND = 'IdJag';
const TYPE = 'oauth-id-jag+jwt';
/** An assertion is traded at once. */
const MAX_AGE_S = 600;
const MAX_LIFE_S = 3_600;
const MAX_CHARS = 16 * 1024;

const ClaimsSchema = z.looseObject({
  sub: z.string('it names no person').min(1).max(255),
  aud: z.string('it is for several, or for nobody'),
  client_id: z.string('it names no client'),
  jti: z.string('it has no jti').min(1).max(255),
  iat: z.number('it does not say when it was made'),
  exp: z.number('it does not say when it ends'),
  resource: z.string('it names no resource, or several').max(2_048),
  scope: z.string('its scope is no text').max(2_048).optional(),
});

export type CheckedJag =
  | { kind: 'ok'; user: UserRecord; resource: string }
  /** `grant`: the assertion is not good. `scope`: it allows nothing that there is here. `away`: its IdP, or its keys, cannot be read. */
  | { kind: 'refused'; what: 'grant' | 'scope' | 'away'; why: string };

export interface IdJags {
  /** Uses the assertion up where it is good. `asked`: the resource of the request, where it names one. */
  accept(assertion: string, clientId: string, asked: string | undefined): Promise<CheckedJag>;
}

export function createIdJags(options: {
  /** The IdP's, as it writes it. */
  idpIssuer: string;
  /** This broker's. */
  issuer: string;
  metadata: Pick<IdpMetadata, 'read'>;
  store: Pick<Store, 'oauth' | 'externalIdentities' | 'users'>;
  clock: Clock;
}): IdJags {
  const { idpIssuer, issuer, metadata, store, clock } = options;
  const refuse = (why: string, what: 'grant' | 'scope' | 'away' = 'grant'): CheckedJag => ({
    kind: 'refused',
    what,
    why,
  });

  async function verified(
    assertion: string,
  ): Promise<{ kind: 'verified'; claims: z.output<typeof ClaimsSchema> } | CheckedJag> {
    try {
      const { keys } = await metadata.read();
      const { payload } = await jwtVerify(assertion, keys, {
        issuer: idpIssuer,
        audience: issuer,
        typ: TYPE,
        algorithms: SIGNATURES,
        clockTolerance: CLOCK_TOLERANCE_S,
        maxTokenAge: MAX_AGE_S,
        currentDate: new Date(clock.now()),
      });
      const claims = ClaimsSchema.safeParse(payload);
      if (!claims.success) return refuse(claims.error.issues[0]?.message ?? 'its claims do not fit');
      return { kind: 'verified', claims: claims.data };
    } catch (error) {
      if (isAboutAssertion(error)) return refuse(error.message.slice(0, 200));
      // Without the keys nothing is believed, and nothing is said against the assertion either.
      if (error instanceof GateError || error instanceof joseErrors.JOSEError || error instanceof TypeError)
        return refuse(`${new URL(idpIssuer).host} cannot be asked for its keys`, 'away');
      throw error;
    }
  }

  /** The one person who is known under this identity and whose access has not ended. */
  async function personOf(subject: string): Promise<UserRecord | undefined> {
    const holders = await store.externalIdentities.holders(idpIssuer, subject);
    const users = await Promise.all(holders.map(({ userId }) => store.users.byId(userId)));
    const known = users.filter((user) => user !== undefined).filter(({ disabledAt }) => disabledAt === null);
    return known.length === 1 ? known[0] : undefined;
  }

  return {
    async accept(assertion, clientId, asked) {
      if (assertion.length > MAX_CHARS) return refuse(`it is longer than ${MAX_CHARS} characters`);
      const read = await verified(assertion);
      if (read.kind !== 'verified') return read;
      const { claims } = read;
      const { sub, aud, client_id: forClient, jti, iat, exp } = claims;
      if (aud !== issuer) return refuse('it is for another authorization server');
      if (forClient !== clientId) return refuse('it is for another client');
      if (exp - iat > MAX_LIFE_S) return refuse(`it is good for more than ${MAX_LIFE_S} s`);
      const resource = canonicalResource(claims.resource, issuer);
      if (resource === undefined || readResource(resource, issuer)?.audience !== 'mcp')
        return refuse('it is for no MCP server of this broker');
      if (asked !== undefined && canonicalResource(asked, issuer) !== resource)
        return refuse('it is for another resource than the request');
      if (claims.scope !== undefined && !claims.scope.split(' ').includes(MCP_SCOPE))
        return refuse(`it does not allow the scope ${MCP_SCOPE}`, 'scope');
      const user = await personOf(sub);
      if (user === undefined) return refuse('nobody is known here under it, or their access has ended');
      const used = { kind: KIND, idHash: sha256Hex(`${idpIssuer}\n${jti}`), payload: '{}' };
      const none = { grantId: null, userCode: null, uid: null, consumedAt: null };
      // As long as another broker, with a clock that is behind, could take it for good.
      const expiresAt = (exp + 2 * CLOCK_TOLERANCE_S) * 1000;
      if (!(await store.oauth.addOnce({ ...used, ...none, expiresAt }))) return refuse('it was used already');
      return { kind: 'ok', user, resource };
    },
  };
}

/** Whether the assertion itself is what is wrong, and not that its keys could not be had. */
function isAboutAssertion(error: unknown): error is Error {
  return (
    error instanceof joseErrors.JWTClaimValidationFailed ||
    error instanceof joseErrors.JWTExpired ||
    error instanceof joseErrors.JWTInvalid ||
    error instanceof joseErrors.JWSInvalid ||
    error instanceof joseErrors.JWSSignatureVerificationFailed ||
    error instanceof joseErrors.JOSEAlgNotAllowed ||
    error instanceof joseErrors.JOSENotSupported ||
    error instanceof joseErrors.JWKSNoMatchingKey ||
    error instanceof joseErrors.JWKSMultipleMatchingKeys
  );
}
