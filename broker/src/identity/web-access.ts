// What the pages may do: browser sessions, passwords, one-time links and the confirmation of device logins. Expected outcomes are
// unions, so that each page says plainly what happened.
import type { Device, Person } from './identity.ts';

export interface WebVisitor {
  address: string;
  userAgent: string;
}

export type LoginOutcome =
  | { kind: 'ok'; token: string; expiresAt: number; user: Person }
  | { kind: 'refused' }
  | { kind: 'throttled'; retryAfterMs: number };

/** A device login that waits for a person. `userCode` is in the form shown to people, `BCDF-GHJK`. */
export interface DeviceRequest {
  userCode: string;
  deviceName: string;
  platform: string;
  address: string;
  requestedAt: number;
  expiresAt: number;
  /** True where the device has logged in here before, as the same person. */
  known: boolean;
}

export type DeviceLookup =
  | { kind: 'pending'; request: DeviceRequest }
  | { kind: 'unknown' | 'expired' | 'used' }
  | { kind: 'throttled'; retryAfterMs: number };

export type SetPasswordOutcome =
  | { kind: 'ok'; token: string; expiresAt: number; user: Person }
  /** The link is unknown, used up or expired. */
  | { kind: 'gone' }
  | { kind: 'invalid'; field: 'name' | 'password' | 'repeat'; message: string };

export interface WebAccess {
  login(name: string, password: string, visitor: WebVisitor): Promise<LoginOutcome>;
  /** The person of a browser session, if it lives and its person is not disabled. */
  session(token: string | undefined): Promise<Person | undefined>;
  logout(token: string): Promise<void>;
  /** Whether a link may still be used; looking does not use it up. */
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
  /** Looks a typed code up: any case, with or without dash. Throttled by address. */
  findDevice(userCode: string, person: Person, visitor: WebVisitor): Promise<DeviceLookup>;
  confirmDevice(
    userCode: string,
    person: Person,
    visitor: WebVisitor,
  ): Promise<{ kind: 'ok'; device: Device } | { kind: 'gone' }>;
  denyDevice(userCode: string, person: Person, visitor: WebVisitor): Promise<void>;
  devicesOf(person: Person): Promise<Device[]>;
}
