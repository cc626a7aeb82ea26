// How the broker is set up: its configuration, who signs people in, what the company's IdP keeps here. Configuration and sign-in are of the whole broker,
// so they are for administrators of the first workspace; SCIM is of each workspace.
import { settingsApi, type IdentityProvider } from 'mcpgate-shared/api/settings/settings-api';
import { signInTrialApi } from 'mcpgate-shared/api/settings/sign-in-trial-api';
import { GateError } from 'mcpgate-shared/error';
import { may } from 'mcpgate-shared/api/roles';
import { DEFAULT_WORKSPACE } from '../../domain/workspace.ts';
import type { CompanyLogin } from '../../identity/idp/company-login.ts';
import type { Config } from '../../config/load-config.ts';
import type { AdminDependencies } from '../dependencies.ts';
import { isoTimeOrNull } from '../iso-time.ts';
import { assertAtHome, operation, type Operation } from '../operation.ts';

const NOT_AT_HOME = `how the broker is set up is seen by administrators of the workspace ${DEFAULT_WORKSPACE}`;

export function settingsOperations({
  effectiveConfiguration,
  reload,
  facts,
  people,
  store,
}: Pick<AdminDependencies, 'effectiveConfiguration' | 'reload' | 'facts' | 'people' | 'store'>): Operation[] {
  return [
    operation(settingsApi.configuration, async (_input, caller) => {
      assertAtHome(caller, NOT_AT_HOME);
      return await Promise.resolve(effectiveConfiguration());
    }),
    operation(settingsApi.signIn, async (_input, caller) => {
      assertAtHome(caller, NOT_AT_HOME);
      const { local_accounts, sign_in: signIn, forwarded_auth: forwarded, oidc } = reload.now;
      const { passkeysArePossible, reauthenticateAfterMs } = people.signIn;
      return await Promise.resolve({
        local_accounts,
        second_factor: signIn.second_factor,
        passkeys_possible: passkeysArePossible,
        reauthenticate_after_s: Number.isFinite(reauthenticateAfterMs) ? reauthenticateAfterMs / 1000 : null,
        forwarded:
          forwarded === undefined
            ? null
            : {
                from: [...forwarded.from.map(String)],
                user_header: forwarded.user_header,
                groups_header: forwarded.groups_header ?? null,
                email_header: forwarded.email_header ?? null,
              },
        identity_provider:
          oidc === undefined || people.idp === undefined ? null : providerOf(oidc, people.idp, facts.url),
      });
    }),
    operation(settingsApi.brokers, async () =>
      (await facts.replicas.showOthers()).map(({ location, figures }) => ({
        location,
        version: figures?.version ?? null,
        started_at: isoTimeOrNull(figures?.startedAt ?? null),
        links: figures?.links ?? null,
        channels: figures?.channels ?? null,
        draining: figures?.isDraining ?? null,
      })),
    ),
    operation(signInTrialApi.check, async (_input, caller) => {
      assertAtHome(caller, NOT_AT_HOME);
      return { checks: await idpOf(people).trials.check() };
    }),
    operation(signInTrialApi.last, async (_input, caller) => {
      assertAtHome(caller, NOT_AT_HOME);
      const { user } = caller.principal ?? {};
      return { trial: (user && (await idpOf(people).trials.last(user.id))) ?? null };
    }),
    operation(settingsApi.scim, async (_input, { workspaceId }) => {
      const [users, groups, owned, tokens] = await Promise.all([
        store.users.count(workspaceId),
        store.provisioning.groups(workspaceId),
        store.provisioning.countOfUsers(workspaceId),
        people.adminTokens.list(workspaceId),
      ]);
      const used = tokens.filter(({ role }) => may(role, 'scim')).flatMap(({ lastUsedAt }) => lastUsedAt ?? []);
      return {
        url: `${facts.url}/scim/v2`,
        people: users,
        people_owned: owned,
        groups: groups.length,
        groups_owned: groups.filter(({ displayName }) => displayName !== null).length,
        last_request_at: isoTimeOrNull(used.length === 0 ? null : Math.max(...used)),
      };
    }),
  ];
}

function idpOf({ idp }: Pick<AdminDependencies['people'], 'idp'>): CompanyLogin {
  if (idp !== undefined) return idp;
  throw new GateError('not_found', 'no identity provider is set up: see `oidc` of the configuration');
}

function providerOf(oidc: NonNullable<Config['oidc']>, idp: CompanyLogin, url: string): IdentityProvider {
  const seen = idp.seen();
  return {
    issuer: oidc.issuer,
    client_id: oidc.client_id,
    public_client: oidc.client_secret === undefined && oidc.client_secret_file === undefined,
    label: oidc.label,
    scopes: oidc.scopes,
    claims: {
      name: oidc.name_claim,
      email: oidc.email_claim,
      groups: oidc.groups_claim ?? null,
      workspace: oidc.workspace_claim ?? null,
    },
    group_mapping: oidc.group_mapping ?? null,
    role_mapping: oidc.role_mapping ?? null,
    allowed_domains: oidc.allowed_domains,
    just_in_time: oidc.just_in_time,
    link_by_email: oidc.link_by_email,
    second_factor: oidc.second_factor,
    redirect_uri: idp.redirectUri,
    post_logout_redirect_uri: oidc.end_session ? idp.postLogoutRedirectUri : null,
    back_channel_logout_uri: `${url}/oauth/idp/backchannel-logout`,
    document: { read_at: isoTimeOrNull(seen.documentAt), problem: seen.problem },
    keys_read_at: isoTimeOrNull(seen.keysAt),
  };
}
