// Passkeys of people (WebAuthn Level 3): registered, told, renamed, removed, and answers that they have signed. What an answer is good for, those decide
// who ask for it. No attestation is asked for: which make a key is says nothing about who holds it.
import type { Clock } from 'mcpgate-shared/clock';
import { GateError } from 'mcpgate-shared/error';
import { z } from 'zod';
import type { PasskeyRecord } from '../../domain/people/passkey.ts';
import type { UserRecord } from '../../domain/people/people.ts';
import type { Store } from '../../store/store.ts';
import { CHALLENGE_LIFETIME_MS, type ChallengePurpose, type Challenges } from './challenges.ts';

export const MAX_PASSKEYS = 20;
/** EdDSA, ES256, RS256: what authenticators have. */
const ALGORITHMS = [-8, -7, -257] as const;

const base64url = (max: number) =>
  z
    .string()
    .max(max)
    .regex(/^[\w-]*$/);
const CredentialSchema = {
  id: base64url(1400).min(1),
  rawId: base64url(1400).min(1),
  type: z.literal('public-key'),
  authenticatorAttachment: z.enum(['platform', 'cross-platform']).nullish().catch(null),
};
const AssertionSchema = z.object({
  ...CredentialSchema,
  response: z.object({
    clientDataJSON: base64url(4_096),
    authenticatorData: base64url(4_096),
    signature: base64url(4_096),
    userHandle: base64url(128).nullish(),
  }),
});
const RegistrationSchema = z.object({
  ...CredentialSchema,
  response: z.object({
    clientDataJSON: base64url(4_096),
    attestationObject: base64url(10_000),
    transports: z.array(z.string().max(32)).max(16).catch([]).default([]),
  }),
});
const ClientDataSchema = z.object({ challenge: z.string().max(256) });

/** What a browser is asked for, as `PublicKeyCredential.parse…OptionsFromJSON` takes it. */
export interface AssertionOptions {
  challenge: string;
  timeout: number;
  rpId: string;
  allowCredentials: { type: 'public-key'; id: string; transports: string[] }[];
  userVerification: 'required' | 'preferred';
}
export interface RegistrationOptions {
  challenge: string;
  timeout: number;
  rp: { id: string; name: string };
  user: { id: string; name: string; displayName: string };
  pubKeyCredParams: { type: 'public-key'; alg: number }[];
  excludeCredentials: { type: 'public-key'; id: string; transports: string[] }[];
  authenticatorSelection: { residentKey: 'preferred'; requireResidentKey: false; userVerification: 'preferred' };
  attestation: 'none';
}

/**
 * `challenge`: not ours, too old, for another browser or purpose. `replayed`: answered before. `unknown`: of no passkey here, or not of this person.
 * `cloned`: the counter has not grown, so two hold the same key. `invalid`: all else, `detail` says what.
 */
export type AnswerProblem = 'malformed' | 'challenge' | 'replayed' | 'unknown' | 'cloned' | 'invalid';
export interface RefusedAnswer {
  kind: 'refused';
  problem: AnswerProblem;
  detail: string | undefined;
  /** Whose passkey it is, where that is certain. */
  userId: string | undefined;
}
export type Answered = { kind: 'ok'; passkey: PasskeyRecord; isVerified: boolean } | RefusedAnswer;

export interface Passkeys {
  /** False: browsers make no passkeys for this broker's `public_url`, because its host is an address, or not reached over TLS. */
  readonly arePossible: boolean;
  assertionOptions(
    purpose: ChallengePurpose,
    browser: string,
    /** Undefined: of whomever, by a passkey that says whose it is. */
    of?: { passkeys: readonly PasskeyRecord[] },
  ): AssertionOptions;
  /** `ownerId`: whose passkey it must be. `isVerified`: the authenticator has asked for a finger, a face or a PIN. */
  answered(
    answer: unknown,
    asked: { purpose: ChallengePurpose; browser: string; ownerId?: string; needsVerification: boolean },
  ): Promise<Answered>;
  registrationOptions(user: UserRecord, browser: string): Promise<RegistrationOptions>;
  register(
    user: UserRecord,
    answer: unknown,
    told: { browser: string; name: string },
  ): Promise<{ kind: 'ok'; passkey: PasskeyRecord; isVerified: boolean } | RefusedAnswer>;
  listOf(userId: string): Promise<PasskeyRecord[]>;
}

const refused = (problem: AnswerProblem, detail?: string, userId?: string): RefusedAnswer => ({
  ...{ kind: 'refused', problem, detail: detail?.slice(0, 200), userId },
});
const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** The challenge that was signed; undefined where the data are no such thing. */
function challengeIn(clientDataJSON: string): string | undefined {
  try {
    return ClientDataSchema.parse(JSON.parse(Buffer.from(clientDataJSON, 'base64url').toString('utf8'))).challenge;
  } catch {
    return undefined; // a stranger's text: that it cannot be read is told as `malformed`
  }
}

export function createPasskeys(parts: {
  /** The origin of `public_url`. */
  origin: string;
  store: { passkeys: Store['passkeys'] };
  challenges: Challenges;
  clock: Pick<Clock, 'now'>;
}): Passkeys {
  const { origin, store, challenges, clock } = parts;
  const { hostname: rpId, protocol } = new URL(origin);
  const isLocal = rpId === 'localhost' || rpId.endsWith('.localhost');
  const arePossible = (protocol === 'https:' || isLocal) && !/^[\d.]+$|^\[/.test(rpId);
  const library = () => import('@simplewebauthn/server');
  const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url');
  const described = (passkeys: readonly PasskeyRecord[]) =>
    passkeys.map(({ credentialId, transports }) => ({
      ...{ type: 'public-key' as const, id: credentialId, transports: [...transports] },
    }));

  return {
    arePossible,
    listOf: (userId) => store.passkeys.listByUser(userId),
    assertionOptions: (purpose, browser, of) => ({
      challenge: text(challenges.issue(purpose, browser)),
      timeout: CHALLENGE_LIFETIME_MS,
      rpId,
      allowCredentials: of === undefined ? [] : described(of.passkeys),
      userVerification: purpose === 'sign_in' ? 'required' : 'preferred',
    }),
    async answered(answer, { purpose, browser, ownerId, needsVerification }) {
      const read = AssertionSchema.safeParse(answer);
      if (!read.success) return refused('malformed');
      const { response, ...credential } = read.data;
      const challenge = challengeIn(response.clientDataJSON);
      if (challenge === undefined) return refused('malformed');
      if (!challenges.isGood(challenge, purpose, browser)) return refused('challenge');
      const passkey = await store.passkeys.byCredential(credential.id);
      if (passkey === undefined || (ownerId !== undefined && passkey.userId !== ownerId)) return refused('unknown');
      const { userId, publicKey, transports } = passkey;
      // A passkey that says whose it is says so of the one person who registered it.
      if (response.userHandle && Buffer.from(response.userHandle, 'base64url').toString('utf8') !== userId)
        return refused('unknown');

      const { verifyAuthenticationResponse } = await library();
      let verified;
      try {
        verified = await verifyAuthenticationResponse({
          response: {
            ...{ id: credential.id, rawId: credential.rawId, type: credential.type, clientExtensionResults: {} },
            response: {
              clientDataJSON: response.clientDataJSON,
              authenticatorData: response.authenticatorData,
              signature: response.signature,
            },
          },
          expectedChallenge: challenge,
          expectedOrigin: origin,
          expectedRPID: rpId,
          requireUserVerification: needsVerification,
          // The counter is compared below: before the signature is known to be right, it would be a stranger's word that a passkey was cloned.
          credential: {
            id: passkey.credentialId,
            publicKey: new Uint8Array(publicKey),
            counter: 0,
            transports: transports.filter(isTransport),
          },
        });
      } catch (error) {
        return refused('invalid', messageOf(error));
      }
      if (!verified.verified) return refused('invalid', 'the signature does not fit');
      const { newCounter: counter, userVerified, credentialBackedUp } = verified.authenticationInfo;
      if (!(await challenges.use(challenge))) return refused('replayed', undefined, userId);
      const use = { counter, backedUp: credentialBackedUp, at: clock.now() };
      if (!(await store.passkeys.used(passkey.id, use))) {
        const still = await store.passkeys.byCredential(credential.id);
        return refused(still === undefined ? 'unknown' : 'cloned', `counter ${counter}`, userId);
      }
      return { kind: 'ok', passkey, isVerified: userVerified };
    },
    async registrationOptions(user, browser) {
      const passkeys = await store.passkeys.listByUser(user.id);
      if (passkeys.length >= MAX_PASSKEYS)
        throw new GateError('conflict', `there are ${MAX_PASSKEYS} passkeys already; remove one first`);
      return {
        challenge: text(challenges.issue('register', browser)),
        timeout: CHALLENGE_LIFETIME_MS,
        rp: { id: rpId, name: `${rpId} (mcpgate)` },
        user: { id: text(Buffer.from(user.id)), name: user.name, displayName: user.name },
        pubKeyCredParams: ALGORITHMS.map((alg) => ({ type: 'public-key', alg })),
        excludeCredentials: described(passkeys),
        authenticatorSelection: {
          ...{ residentKey: 'preferred', requireResidentKey: false, userVerification: 'preferred' },
        },
        attestation: 'none',
      };
    },
    async register(user, answer, { browser, name }) {
      const read = RegistrationSchema.safeParse(answer);
      if (!read.success) return refused('malformed');
      const { response, ...credential } = read.data;
      const challenge = challengeIn(response.clientDataJSON);
      if (challenge === undefined) return refused('malformed');
      if (!challenges.isGood(challenge, 'register', browser)) return refused('challenge');
      const { verifyRegistrationResponse } = await library();
      let verified;
      try {
        verified = await verifyRegistrationResponse({
          response: {
            ...{ id: credential.id, rawId: credential.rawId, type: credential.type, clientExtensionResults: {} },
            response: { clientDataJSON: response.clientDataJSON, attestationObject: response.attestationObject },
          },
          expectedChallenge: challenge,
          expectedOrigin: origin,
          expectedRPID: rpId,
          requireUserVerification: false,
          supportedAlgorithmIDs: [...ALGORITHMS],
        });
      } catch (error) {
        return refused('invalid', messageOf(error));
      }
      if (!verified.verified) return refused('invalid', 'the attestation does not fit');
      if (!(await challenges.use(challenge))) return refused('replayed', undefined, user.id);
      const { credential: made, userVerified, credentialBackedUp } = verified.registrationInfo;
      const passkey = await store.passkeys.add({
        workspaceId: user.workspaceId,
        userId: user.id,
        credentialId: made.id,
        publicKey: made.publicKey,
        counter: made.counter,
        transports: response.transports.filter(isTransport),
        backedUp: credentialBackedUp,
        name,
        createdAt: clock.now(),
      });
      if (passkey === undefined) throw new GateError('conflict', 'this passkey is registered already');
      return { kind: 'ok', passkey, isVerified: userVerified };
    },
  };
}

const TRANSPORTS = ['ble', 'cable', 'hybrid', 'internal', 'nfc', 'smart-card', 'usb'] as const;
const isTransport = (word: string): word is (typeof TRANSPORTS)[number] => TRANSPORTS.some((known) => known === word);
