// What the pages may do: browser sessions, passwords, one-time links and the confirmation of device logins. Expected outcomes are
// unions, so that each page says plainly what happened.
import type { Device, Person } from '../../domain/people.ts';

export interface WebVisitor {
  address: string;
  userAgent: string;
  /** What a browser has been given at an earlier sign-in. */
  known?: string | undefined;
}

export interface WebLogin {
  kind: 'ok';
  /** For the cookie; the store knows its hash only. */
  token: string;
  expiresAt: number;
  /** For another cookie: what the browser is known by at its next sign-in. */
  known: string;
  user: Person;
}

/** Too many tries: when the next one counts. */
interface Throttled {
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
  /** The person's own device that logs in again, by its proof. Any other must show that the person has its code: it is typed. */
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

/** An HTTP client that a person has let in. */
export interface ConnectedClient {
  id: string;
  name: string;
  scopes: readonly string[];
  /** Name or UUID of the one server that it is for; undefined: all. */
  server: string | undefined;
  address: string;
  createdAt: number;
  lastSeenAt: number;
}

export interface WebAccess {
  /** Signs cookies and form tokens; the same on every replica. */
  readonly formKey: string;
  /** False: passwords are for administrators who have no account at the IdP. */
  readonly localAccounts: boolean;
  /** Whether people must say where they belong. */
  hasWorkspaces(): Promise<boolean>;
  /** `workspace`: where the person is; empty: in the first one. */
  login(name: string, password: string, visitor: WebVisitor, workspace?: string): Promise<LoginOutcome>;
  /** The person of a browser session, if it lives and its person is not disabled. */
  session(token: string | undefined): Promise<Person | undefined>;
  logout(token: string, visitor: WebVisitor): Promise<void>;
  /** Whether a link may still be used, and whose it is; looking does not use it up. */
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
  /** Those that are not revoked, newest first. */
  devicesOf(person: Person): Promise<Device[]>;
  /** Revokes one of these, for good; `gone` where the person has none of this id. */
  disconnectDevice(
    id: string,
    person: Person,
    visitor: WebVisitor,
  ): Promise<{ kind: 'ok'; device: Device } | { kind: 'gone' }>;
  /** HTTP clients that the person has let in, the last used first. */
  clientsOf(person: Person): Promise<ConnectedClient[]>;
  /** Ends all tokens of one of these; `gone` where the person has none of this id. */
  disconnectClient(
    id: string,
    person: Person,
    visitor: WebVisitor,
  ): Promise<{ kind: 'ok'; client: ConnectedClient } | { kind: 'gone' }>;
}
