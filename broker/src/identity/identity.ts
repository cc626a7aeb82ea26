// Identity: people, groups, devices, grants and the OAuth server, and `authenticate`, which checks every bearer token. Each function that changes
// something takes the actor, writes an audit event, and answers only once the change is committed.
import type { CompanyAssertions } from '../accounts/company-assertions.ts';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Device } from '../domain/people/people.ts';
import type { AuditEvent } from '../domain/call-record.ts';
import type { Store } from '../store/store.ts';
import type { Audience, Principal } from '../domain/people/principal.ts';
import type { AdminTokens, Authentication } from './authentication.ts';
import type { Live, Revocation, RevocationListener } from '../domain/people/revocation.ts';
import type { Actor } from '../domain/people/receipt.ts';
import type { CompanyLogin } from './idp/company-login.ts';
import type { ForwardedPeople } from './idp/forwarded-people.ts';
import type { SignIn } from './sign-in/sign-in.ts';
import type { Consents } from './oauth/consents.ts';
import type { Provisioning } from './provisioning/provisioning.ts';
import type { Devices, Grants, Groups, OneTimeUrl, Sessions, Users } from './registers/registers.ts';
import type { WebAccess } from './browser/web-access.ts';

/** Takes a person whose role or groups have changed, to use them for the person's open sessions from now on. */
export type ChangeListener = (person: NonNullable<Principal['user']> & { workspaceId: string }) => void;

/** What `replicas` calls for changes that other brokers over the same database have made. */
export interface Elsewhere {
  /** Another broker has committed these revocations: ends what this broker has of them. Throws where something could not be ended. */
  revoked(revocations: readonly Revocation[]): Promise<{ linksClosed: number; callsCancelled: number }>;
  /** The roles or groups of these people have changed. */
  changed(userIds: readonly string[]): Promise<void>;
  /**
   * Any change may have been missed: looks up everybody again who has something open at this broker, and ends what belongs to credentials that are
   * no longer valid. Returns the number of these credentials.
   */
  recheck(): Promise<number>;
}

export interface Identity {
  /**
   * Checks the token, the credential behind it and its person, against the store. `address`: the client's, with trusted proxies taken into
   * account; without it a grant that is bound to addresses is rejected. The caller records a rejection in the audit log.
   */
  authenticate(bearer: string | undefined, audience: Audience, address?: string): Promise<Authentication>;
  /** The same by the cookie of a browser session, for the API. Pages ask `web`. */
  authenticateBrowser(cookie: string | undefined, proof?: string): Promise<Authentication>;
  /** Passkeys, the second step and showing anew who one is, for pages and the API. */
  readonly signIn: SignIn;
  /**
   * Calls `listener` after each committed revocation; the receipt waits for all listeners. `live`: the owners of everything that the listener could
   * have to end now. Returns the function that removes the listener.
   */
  onRevoked(listener: RevocationListener, live?: () => Iterable<Live>): () => void;
  /** For what other brokers over the same database have changed. */
  readonly elsewhere: Elsewhere;
  /** Calls `listener` after a person's role or groups have changed, before the function that changed them answers. */
  onChanged(listener: ChangeListener): () => void;
  /** Undefined where there is no IdP. */
  readonly assertionRequests: CompanyAssertions | undefined;
  readonly users: Users;
  readonly groups: Groups;
  readonly devices: Devices;
  readonly sessions: Sessions;
  readonly grants: Grants;
  /**
   * The registers over a store whose changes are committed later, together with others: to list, for roles and for members of groups. Whoever
   * commits them writes the events, and tells `elsewhere.changed` of these people.
   */
  within(
    store: Store,
    told: { event: (event: AuditEvent) => Promise<void>; changed: (userIds: readonly string[]) => Promise<void> },
  ): { users: Users; groups: Groups; grants: Grants };
  readonly adminTokens: AdminTokens;
  /** People and groups as the company's IdP keeps them here. */
  readonly provisioning: Provisioning;
  /** Approves a waiting device login (`login approve CODE --as NAME`). `userCode`: as a person types it. Throws `not_found`, `gone`, `conflict`. */
  approveDevice(workspaceId: string, userCode: string, userName: string, actor: Actor): Promise<Device>;
  /** Makes a set-up link for the first administrator, which replaces the one before it; undefined where the workspace has an administrator. */
  setupLink(workspaceId: string): Promise<OneTimeUrl | undefined>;
  /**
   * Serves `/oauth/*` and `/.well-known/{openid-configuration,oauth-authorization-server}`. It reads the body itself, so no parser may have
   * touched the request. `address`: the client's, with trusted proxies taken into account; the socket's unless said.
   */
  readonly oauth: (request: IncomingMessage, response: ServerResponse, address?: string) => void;
  /** For the page on which a person allows an HTTP client to act for them. */
  readonly consents: Consents;
  /** For the other pages: browser sessions, passwords, one-time links, confirmation of device logins. */
  readonly web: WebAccess;
  /** Signing in at the company's IdP, where one is configured. */
  readonly idp: CompanyLogin | undefined;
  /** People whom a trusted reverse proxy has signed in, where one is configured. */
  readonly forwarded: ForwardedPeople | undefined;
  /** Stops the timers. */
  close(): void;
}
