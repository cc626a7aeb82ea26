// People, groups, devices, grants and the OAuth server. `authenticate` is the one door for bearer tokens. Every function that changes
// something takes the actor, writes an audit event, and answers only when the change is committed.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Device } from '../domain/people.ts';
import type { Audience, Principal } from '../domain/principal.ts';
import type { AdminTokens, Authentication } from './authentication.ts';
import type { Live, Revocation, RevocationListener } from '../domain/revocation.ts';
import type { Actor } from '../domain/receipt.ts';
import type { CompanyLogin } from './idp/company-login.ts';
import type { ForwardedPeople } from './idp/forwarded-people.ts';
import type { Consents } from './oauth/consents.ts';
import type { Provisioning } from './provisioning/provisioning.ts';
import type { Devices, Grants, Groups, OneTimeUrl, Sessions, Users } from './registers/registers.ts';
import type { WebAccess } from './browser/web-access.ts';

/** A person's role or groups are others now: whatever keeps them for live sessions takes these. */
export type ChangeListener = (person: NonNullable<Principal['user']> & { workspaceId: string }) => void;

export interface Elsewhere {
  /** They were revoked there: ends what is here of them. Throws where something could not be ended. */
  revoked(revocations: readonly Revocation[]): Promise<{ linksClosed: number; callsCancelled: number }>;
  /** The roles or groups of these people, by id, are others now. */
  changed(userIds: readonly string[]): Promise<void>;
  /** Anything may have changed: everybody who is here is looked up again, and who may not be here any more is ended. Returns how many. */
  recheck(): Promise<number>;
}

export interface Identity {
  /**
   * Checks the token, the credential behind it and its person, now. `address`: where it is presented from, as the proxy rules say;
   * without it a grant that is bound to addresses is refused. A rejection is recorded in the audit log by the caller's edge.
   */
  authenticate(bearer: string | undefined, audience: Audience, address?: string): Promise<Authentication>;
  /**
   * Listeners run after the change is committed; a receipt waits for all of them. `live`: whose the things are that the listener would end.
   * Returns the function that ends it.
   */
  onRevoked(listener: RevocationListener, live?: () => Iterable<Live>): () => void;
  /** For what other brokers over the same database have changed. */
  readonly elsewhere: Elsewhere;
  /** Listeners run after the change is committed, before the function that made it answers. */
  onChanged(listener: ChangeListener): () => void;
  readonly users: Users;
  readonly groups: Groups;
  readonly devices: Devices;
  readonly sessions: Sessions;
  readonly grants: Grants;
  readonly adminTokens: AdminTokens;
  /** People and groups as the company's IdP keeps them here. */
  readonly provisioning: Provisioning;
  /** Approves a device login that waits (`login approve CODE --as NAME`). The code as a person types it. Throws `not_found`, `gone`, `conflict`. */
  approveDevice(workspaceId: string, userCode: string, userName: string, actor: Actor): Promise<Device>;
  /** A new set-up link, which replaces the one before it; undefined where the workspace has an administrator. */
  setupLink(workspaceId: string): Promise<OneTimeUrl | undefined>;
  /**
   * Serves `/oauth/*` and `/.well-known/{openid-configuration,oauth-authorization-server}`. Reads the body itself: mount it where no
   * parser has touched the request. `address` is the visitor's, as the proxy rules say; else the socket's.
   */
  readonly oauth: (request: IncomingMessage, response: ServerResponse, address?: string) => void;
  /** What the page needs on which a person lets an HTTP client in. */
  readonly consents: Consents;
  /** What the pages need: browser sessions, passwords, one-time links, device confirmation. */
  readonly web: WebAccess;
  /** Signing in at the company's IdP, where one is configured. */
  readonly idp: CompanyLogin | undefined;
  /** Those whom a trusted reverse proxy names, where one is configured. */
  readonly forwarded: ForwardedPeople | undefined;
  /** Ends timers. */
  close(): void;
}
