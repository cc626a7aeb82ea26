// Trying out the company's IdP: what an administrator looks at before the others sign in there. The checks need nobody; a trial is a sign-in up to the
// point at which somebody would be let in, so it changes nothing here and makes no session.
import type { Clock } from 'mcpgate-shared/clock';
import { toGateError } from 'mcpgate-shared/error';
import { SignInTrialSchema, type IdpCheck, type SignInTrial } from 'mcpgate-shared/api/settings/sign-in-trial-api';
import type { IdpSettings } from '../../config/idp-settings.ts';
import { sha256Hex } from '../../store/secret-token.ts';
import type { Store } from '../../store/store.ts';
import type { Admission } from './external-people.ts';
import { claimAt, type ExternalPerson } from './idp-claims.ts';
import type { IdpMetadata } from './idp-metadata.ts';
import { CLOCK_TOLERANCE_S, type IdpTokens } from './idp-tokens.ts';
import type { Refusal } from './refusal.ts';

const KEEP_MS = 15 * 60_000;
const KIND = 'IdpTrial';

/** What the IdP has said, and what would come of it. */
export interface TriedSignIn {
  claims: Readonly<Record<string, unknown>>;
  secondFactor: boolean;
  person: ExternalPerson;
  workspaceId: string;
  admission: Admission;
}

export interface SignInTrials {
  /** Reads the IdP's document and keys anew, and looks at its clock and at what it says of this client. */
  check(): Promise<IdpCheck[]>;
  /** Keeps for a while what came of the trial of an administrator. */
  keep(userId: string, outcome: TriedSignIn | Refusal): Promise<void>;
  /** What came of the administrator's last trial; undefined also where that was a while ago. */
  last(userId: string): Promise<SignInTrial | undefined>;
}

export function createSignInTrials(parts: {
  settings: IdpSettings;
  metadata: IdpMetadata;
  tokens: Pick<IdpTokens, 'checkClient'>;
  store: { oauth: Pick<Store['oauth'], 'upsert' | 'find'> };
  clock: Pick<Clock, 'now'>;
}): SignInTrials {
  const { settings, metadata, tokens, store, clock } = parts;

  const checkDocument = async (): Promise<IdpCheck> => {
    metadata.forget();
    const failed = (text: string): IdpCheck => ({ check: 'document', outcome: 'failed', text });
    try {
      await metadata.read();
    } catch (error) {
      return failed(toGateError(error).message);
    }
    // Where the IdP does not answer, the last document still holds.
    const { problem } = metadata.seen();
    return problem === null
      ? { check: 'document', outcome: 'ok', text: `read from ${settings.issuer}` }
      : failed(problem);
  };

  const checkKeys = async (): Promise<IdpCheck> => {
    const { keys } = await metadata.read();
    try {
      await keys.reload();
    } catch (error) {
      return { check: 'keys', outcome: 'failed', text: toGateError(error, 'its keys cannot be read').message };
    }
    const count = keys.jwks()?.keys.length ?? 0;
    if (count === 0) return { check: 'keys', outcome: 'failed', text: 'it publishes no key to verify a sign-in with' };
    return { check: 'keys', outcome: 'ok', text: count === 1 ? 'it signs with one key' : `it publishes ${count} keys` };
  };

  const checkClock = (): IdpCheck => {
    const ahead = metadata.seen().clockAheadMs;
    if (ahead === null) return { check: 'clock', outcome: 'unknown', text: 'it does not say what time it is there' };
    const seconds = Math.round(Math.abs(ahead) / 1000);
    // A date header is of whole seconds and was under way.
    if (seconds <= 2) return { check: 'clock', outcome: 'ok', text: 'its clock and ours agree' };
    const text = `its clock is ${seconds} s ${ahead > 0 ? 'ahead of' : 'behind'} ours`;
    if (seconds < CLOCK_TOLERANCE_S) return { check: 'clock', outcome: 'ok', text };
    return { check: 'clock', outcome: 'failed', text: `${text}: sign-ins fail from ${CLOCK_TOLERANCE_S} s on` };
  };

  const checkClient = async (): Promise<IdpCheck> => {
    const answer = await tokens.checkClient();
    if (answer.kind === 'ok')
      return { check: 'client', outcome: 'ok', text: `it knows the client ${settings.clientId} and its secret` };
    if (answer.kind === 'unknown')
      return {
        check: 'client',
        outcome: 'unknown',
        text: `it does not say whether it knows the client: ${answer.detail}`,
      };
    const why = answer.detail ?? answer.message;
    return { check: 'client', outcome: 'failed', text: `it does not take the client ${settings.clientId}: ${why}` };
  };

  const told = (outcome: TriedSignIn | Refusal): SignInTrial['outcome'] => {
    if ('kind' in outcome) {
      const { reason, message, detail = null } = outcome;
      return { kind: 'refused', reason, message, detail };
    }
    const { claims, person, workspaceId, admission, secondFactor } = outcome;
    const { nameClaim, emailClaim, groupsClaim, workspaceClaim } = settings;
    const wanted = [nameClaim, emailClaim, groupsClaim, workspaceClaim].filter((claim) => claim !== undefined);
    const changes = admission.kind === 'made' ? {} : admission.changes;
    return {
      kind: 'let_in',
      account: admission.kind,
      user: admission.kind === 'made' ? admission.name : admission.user.name,
      workspace: workspaceId,
      called_name: person.calledName,
      email: person.email,
      groups: person.groups === undefined ? null : [...person.groups],
      role: person.role ?? (admission.kind === 'made' ? 'member' : admission.user.role),
      changes: [
        ...('groups' in changes ? (['groups'] as const) : []),
        ...('role' in changes ? (['role'] as const) : []),
        ...('email' in changes ? (['email'] as const) : []),
      ],
      missing_claims: wanted.filter((claim) => claimAt(claims, claim) === undefined),
      second_factor: secondFactor,
    };
  };

  return {
    async check() {
      const document = await checkDocument();
      if (document.outcome === 'failed') return [document];
      return [document, await checkKeys(), checkClock(), await checkClient()];
    },
    async keep(userId, outcome) {
      const trial: SignInTrial = { at: new Date(clock.now()).toISOString(), outcome: told(outcome) };
      await store.oauth.upsert({
        ...{ kind: KIND, idHash: sha256Hex(userId), payload: JSON.stringify(trial) },
        ...{ grantId: null, userCode: null, uid: null, consumedAt: null, expiresAt: clock.now() + KEEP_MS },
      });
    },
    async last(userId) {
      const row = await store.oauth.find(KIND, sha256Hex(userId));
      if (row === undefined || (row.expiresAt ?? 0) <= clock.now()) return undefined;
      return SignInTrialSchema.parse(JSON.parse(row.payload));
    },
  };
}
