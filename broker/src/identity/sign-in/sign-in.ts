// Signing in beyond the password: passkeys, the second step, showing anew who one is, and what people do with their own password and passkeys. Expected
// outcomes are unions, so that pages and API say plainly what happened.
import type { PasskeyRecord, SecondFactor, SignInMethod } from '../../domain/people/passkey.ts';
import type { Person } from '../../domain/people/people.ts';
import type { Throttled, WebLogin, WebVisitor } from '../browser/web-access.ts';
import type { AssertionOptions, RegistrationOptions } from './passkeys.ts';

/** A browser session with its person, as `SignIn.session` finds it. What it holds besides is for those functions alone that take it. */
export interface BrowserSignIn {
  person: Person;
  method: SignInMethod;
  secondFactor: SecondFactor | null;
  startedAt: number;
  /** When the person last showed who they are. */
  authenticatedAt: number;
  /** The password that was typed would not be taken as a new one. */
  isPasswordWeak: boolean;
  tokenHash: string;
  /** The cookie's value, to which challenges are bound. */
  token: string;
}

/** What must follow a password before somebody is signed in: a passkey, or the first one registered. */
export type SecondStep = { person: Person } & (
  { need: 'passkey'; options: AssertionOptions } | { need: 'register'; options: RegistrationOptions }
);

/** `message`: for the person; it does not say which of all things was wrong to whom that is not to be told. */
export interface Refused {
  kind: 'refused';
  message: string;
}
/** The session has shown anew who is before it; `proof`: for a cookie that must come with the session's from now on. */
export interface Reauthenticated {
  kind: 'ok';
  proof: string;
  authenticatedAt: number;
}

/** How somebody may show anew who they are. `idp`: by signing in there once more. */
export type ReauthenticationWay = 'password' | 'passkey' | 'idp';

export interface SignIn {
  readonly passkeysArePossible: boolean;
  /** For how long one who has shown who they are need not do so again, ms; Infinity: for as long as the session lasts. */
  readonly reauthenticateAfterMs: number;
  isSecondFactorDemandedOf(person: Pick<Person, 'role'>): boolean;
  /** The session behind the cookie; `proof`: the other cookie's value. Undefined as for `WebAccess.session`. */
  session(token: string | undefined, proof: string | undefined): Promise<BrowserSignIn | undefined>;

  /** For the sign-in page, of whomever. `browser`: a secret of this browser alone. Undefined where no passkeys are possible. */
  passkeyOptions(browser: string): AssertionOptions | undefined;
  withPasskey(answer: unknown, browser: string, visitor: WebVisitor): Promise<WebLogin | Throttled | Refused>;

  /** What an unfinished session waits for. */
  secondStep(token: string | undefined): Promise<SecondStep | undefined>;
  /** `name`: of a passkey that is registered. `gone`: it waits no more. */
  finish(
    token: string | undefined,
    answer: { passkey: unknown; name: string },
    visitor: WebVisitor,
  ): Promise<WebLogin | Throttled | Refused | { kind: 'gone' }>;

  /** In the order in which they are to be offered. */
  waysToReauthenticate(session: BrowserSignIn): Promise<ReauthenticationWay[]>;
  reauthenticationOptions(session: BrowserSignIn): Promise<AssertionOptions>;
  reauthenticate(
    session: BrowserSignIn,
    by: { password: string } | { passkey: unknown },
    visitor: WebVisitor,
  ): Promise<Reauthenticated | Throttled | Refused>;

  /** Ends the person's other browser sessions. Asks for the password of before, and so shows who they are. */
  changePassword(
    session: BrowserSignIn,
    form: { current: string; next: string },
    visitor: WebVisitor,
  ): Promise<
    | (Reauthenticated & { sessionsEnded: number })
    | Throttled
    | { kind: 'refused'; field: 'current' | 'password'; message: string }
  >;
  passkeysOf(person: Pick<Person, 'id'>): Promise<PasskeyRecord[]>;
  /** Throws `conflict` where the person has as many as may be, or none are possible. */
  registrationOptions(session: BrowserSignIn): Promise<RegistrationOptions>;
  registerPasskey(
    session: BrowserSignIn,
    answer: { passkey: unknown; name: string },
    visitor: WebVisitor,
  ): Promise<{ kind: 'ok'; passkey: PasskeyRecord } | Refused>;
  /** Throws `not_found`. */
  renamePasskey(session: BrowserSignIn, id: string, name: string, visitor: WebVisitor): Promise<PasskeyRecord>;
  /** Ends the person's other browser sessions. Throws `not_found`, and `conflict` where it is the last one and one is demanded. */
  removePasskey(
    session: BrowserSignIn,
    id: string,
    visitor: WebVisitor,
  ): Promise<{ passkey: PasskeyRecord; sessionsEnded: number }>;
}
