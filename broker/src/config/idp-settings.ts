// Turns the configuration's keys about sign-in (`oidc`, `forwarded_auth`) into the settings that the broker's identity is made with.
import { readFile } from 'node:fs/promises';
import { fileFault } from 'mcpgate-shared/file-fault';
import { GateError } from 'mcpgate-shared/error';
import type { IdpSettings } from '../domain/people/idp-settings.ts';
import type { Config } from './load-config.ts';

/** `resolve` replaces `${secret:NAME}` by the secret of the vault. */
export function idpSettings(
  oidc: NonNullable<Config['oidc']>,
  resolve: (text: string) => Promise<string>,
): IdpSettings {
  const { client_secret: secret, client_secret_file: file } = oidc;
  return {
    issuer: oidc.issuer,
    clientId: oidc.client_id,
    clientSecret:
      secret === undefined ? (file === undefined ? undefined : () => readSecretFile(file)) : () => resolve(secret),
    scopes: oidc.scopes,
    label: oidc.label,
    nameClaim: oidc.name_claim,
    emailClaim: oidc.email_claim,
    groupsClaim: oidc.groups_claim,
    groupMapping: oidc.group_mapping,
    roleMapping: oidc.role_mapping,
    allowedDomains: oidc.allowed_domains,
    trustEmail: oidc.trust_email,
    linkByEmail: oidc.link_by_email,
    justInTime: oidc.just_in_time,
    workspace: oidc.workspace,
    workspaceClaim: oidc.workspace_claim,
    workspaceMapping: oidc.workspace_mapping,
    endSession: oidc.end_session,
    logoutEnds: oidc.logout_ends,
  };
}

/** The settings of a reverse proxy that signs people in. */
export const forwardedSettings = (forwarded: NonNullable<Config['forwarded_auth']>) => ({
  justInTime: forwarded.just_in_time,
  workspace: forwarded.workspace,
  asksForWorkspace: forwarded.workspace_header !== undefined,
  workspaceMapping: forwarded.workspace_mapping,
});

async function readSecretFile(file: string): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (error) {
    const text = `oidc.client_secret_file: ${file} cannot be read: ${fileFault(error)}`;
    throw new GateError('config', text, { cause: error });
  }
}
