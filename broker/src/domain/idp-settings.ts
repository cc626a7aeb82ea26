// What the configuration says of the company's IdP.
import type { Role } from 'mcpgate-shared/api/roles';
import type { WorkspaceSettings } from './workspace.ts';

export interface IdpSettings extends WorkspaceSettings {
  /** As the IdP writes it in its tokens. */
  issuer: string;
  clientId: string;
  /** Asked at each sign-in, so that a new secret needs no restart. Undefined: a public client. */
  clientSecret: (() => Promise<string>) | undefined;
  scopes: readonly string[];
  /** What people see on the button. */
  label: string;
  nameClaim: string;
  emailClaim: string;
  /** Undefined: groups are managed here. */
  groupsClaim: string | undefined;
  /** The IdP's group to ours; undefined: by the same names. */
  groupMapping: Readonly<Record<string, string>> | undefined;
  /** The IdP's group to a role; undefined: roles are managed here. */
  roleMapping: Readonly<Record<string, Role>> | undefined;
  /** Empty: any. */
  allowedDomains: readonly string[];
  /** The IdP has checked every address, though its tokens do not say so. */
  trustEmail: boolean;
  /** A person who is here already is recognized by a checked address. */
  linkByEmail: boolean;
  justInTime: boolean;
  /** Names the person's workspace. Undefined: everybody is in the same. */
  workspaceClaim: string | undefined;
  /** Who signs out here signs out there too. */
  endSession: boolean;
  /** What a logout token of the IdP ends: browser sessions, or devices and HTTP clients as well. */
  logoutEnds: 'sessions' | 'devices';
}
