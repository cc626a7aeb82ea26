// What the pages may do: browser sessions, passwords, one-time links and the confirmation of device logins. Expected outcomes are
// unions, so that each page says plainly what happened.
import type { Device, Person } from '../../domain/people/people.ts';

export interface WebVisitor {
  /** What the visitor has sent: so that a request that is refused has one row in the log. */
  request?: object;
  address: string;
  userAgent: string;
  /** The value of the cookie by which the browser is recognized (`known-browsers.ts`). */
  known?: string | undefined;
}

export interface WebLogin {
  kind: 'ok';
  /** For the cookie; the store knows its hash only. */
  token: string;
  expiresAt: number;
  /** False: nobody is signed in before a second step, which `SignIn.secondStep` describes. */
  isFinished: boolean;
  /** For another cookie, by which the browser is recognized at its next sign-in (`known-browsers.ts`). */
  known: string | undefined;
  user: Person;
}

/** There were too many tries; the next one is judged after `retryAfterMs`. */
export interface Throttled {
  kind: 'throttled';
  retryAfterMs: number;
}

type LoginOutcome = WebLogin | Throttled | { kind: 'refused' };

/** A device login that waits for a person. `userCode` is in the form shown to people, `BCDF-GHJK`. */
interface DeviceRequest {
  userCode: string;
  deviceName: string;
  platform: string;
  address: string;
  requestedAt: number;
  expiresAt: number;
  /**
   * The device, where it is one of this person's that logs in again and has proven so: then the page only asks for a yes. Null for any other
   * device: then the person must type its code, which shows that they have it before them.
   */
  known: { name: string; connectedAt: number; isLoggedIn: boolean } | null;
}

export type DeviceLookup =
  | Throttled
  | { kind: 'pending'; request: DeviceRequest }
  | { kind: 'elsewhere'; workspace: string }
  | { kind: 'unknown' | 'expired' | 'used' };

export type SetPasswordOutcome =
  | WebLogin
  /** The link is unknown, used up or expired. */
  | { kind: 'gone' }
  | { kind: 'invalid'; field: 'name' | 'password' | 'repeat'; message: string };

export interface WebAccess {
  /** Signs cookies and form tokens; the same on every replica. */
  readonly formKey: string;
  /** False: passwords are for administrators who have no account at the IdP. */
  readonly localAccounts: boolean;
  /** Whether there is more than one workspace, so that people who sign in must name theirs. */
  hasWorkspaces(): Promise<boolean>;
  /** Signs in with a password. `workspace`: the person's; empty: the first one. */
  login(name: string, password: string, visitor: WebVisitor, workspace?: string): Promise<LoginOutcome>;
  /** The person of a browser session; undefined where the session has ended or its person is disabled. */
  session(token: string | undefined): Promise<Person | undefined>;
  logout(token: string, visitor: WebVisitor): Promise<void>;
  /** Whose link this is (nobody's for the first administrator), without using it up; undefined where it can no longer be used. */
  peekLink(kind: 'setup' | 'password', token: string): Promise<{ user: Person | undefined } | undefined>;
  /** Makes the first administrator; uses the link up. */
  setup(
    token: string,
    form: { name: string; password: string; repeat: string },
    visitor: WebVisitor,
  ): Promise<SetPasswordOutcome>;
  /** Sets one's own password; uses the link up and ends that person's other browser sessions. */
  setPassword(
    token: string,
    form: { password: string; repeat: string },
    visitor: WebVisitor,
  ): Promise<SetPasswordOutcome>;
  /** Looks a typed code up: any case, with or without dash. Throttled by person and by address. */
  findDevice(userCode: string, person: Person, visitor: WebVisitor): Promise<DeviceLookup>;
  confirmDevice(
    userCode: string,
    person: Person,
    visitor: WebVisitor,
  ): Promise<{ kind: 'ok'; device: Device } | { kind: 'gone' }>;
  denyDevice(userCode: string, person: Person, visitor: WebVisitor): Promise<void>;
}
