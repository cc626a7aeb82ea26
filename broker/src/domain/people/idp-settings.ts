// The settings of the company's IdP (OpenID Connect), as the configuration gives them.
import type { Role } from 'mcpgate-shared/api/roles';
import type { WorkspaceSettings } from '../workspace.ts';

export interface IdpSettings extends WorkspaceSettings {
  /** As the IdP writes it in its tokens. */
  issuer: string;
  clientId: string;
  /** Reads the secret anew at each sign-in, so that a changed one needs no restart. Undefined: the broker is a public client there. */
  clientSecret: (() => Promise<string>) | undefined;
  scopes: readonly string[];
  /** The text on the button of the sign-in page. */
  label: string;
  nameClaim: string;
  emailClaim: string;
  /** The claim that lists a person's groups. Undefined: groups are managed in mcpgate. */
  groupsClaim: string | undefined;
  /** From the IdP's name of a group to that in mcpgate. Undefined: the names are the same. */
  groupMapping: Readonly<Record<string, string>> | undefined;
  /** From the IdP's name of a group to a role. Undefined: roles are managed in mcpgate. */
  roleMapping: Readonly<Record<string, Role>> | undefined;
  /** Domains of e-mail addresses whose people may sign in. Empty: all. */
  allowedDomains: readonly string[];
  /** Every e-mail address counts as verified, though the IdP's tokens do not say so. */
  trustEmail: boolean;
  /** A person who has an account already is recognized by a verified e-mail address. */
  linkByEmail: boolean;
  /** Somebody who signs in for the first time gets an account. */
  justInTime: boolean;
  /** The claim that names a person's workspace. Undefined: everybody is in the same one. */
  workspaceClaim: string | undefined;
  /** Signing out of mcpgate's pages signs the person out at the IdP too. */
  endSession: boolean;
  /** What a logout token of the IdP ends: browser sessions, or devices and HTTP clients as well. */
  logoutEnds: 'sessions' | 'devices';
}
