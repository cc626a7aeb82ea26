// Who signs people in: the company's identity provider, a reverse proxy, passwords here; and what is demanded of whom.
import { Alert, Code, Group, Stack, Text } from '@mantine/core';
import { IconLogin2 } from '@tabler/icons-react';
import { settingsApi, type IdentityProvider, type SignInSettingsView } from 'mcpgate-shared/api/settings/settings-api';
import { useApi } from '../../../api/use-api.ts';
import { CopyLine } from '../../../parts/copy-line.tsx';
import { Empty } from '../../../parts/empty.tsx';
import { Facts } from '../../../parts/facts.tsx';
import { Loaded } from '../../../parts/loaded.tsx';
import { Section } from '../../../parts/page.tsx';
import { StatusBadge } from '../../../parts/status-badge.tsx';
import { Ago } from '../../../parts/time.tsx';
import { TrySignIn } from './try-sign-in.tsx';

const DEMANDED = {
  off: 'Of nobody',
  administrators: 'Of administrators and operators',
  everyone: 'Of everybody',
} as const;

export function SignInSettings() {
  const settings = useApi(settingsApi.signIn, {});
  return (
    <Loaded query={settings}>
      {(data) => (
        <Stack gap="lg">
          {data.identity_provider === null ? (
            <NoProvider hasProxy={data.forwarded !== null} />
          ) : (
            <Provider provider={data.identity_provider} />
          )}
          <Policy settings={data} />
        </Stack>
      )}
    </Loaded>
  );
}

function NoProvider({ hasProxy }: { hasProxy: boolean }) {
  return (
    <Section title="Identity provider">
      <Empty icon={IconLogin2} title="People sign in here">
        <Stack gap="sm" ta="start">
          <Text size="sm" ta="center">
            {hasProxy
              ? 'A reverse proxy signs people in. A provider of OpenID Connect can be set up beside it.'
              : 'No provider of OpenID Connect is set up, so everybody has a password or a passkey here.'}
          </Text>
          <Text size="sm" ta="center">
            Write these lines into the configuration, and start the broker again:
          </Text>
          <CopyLine
            label="the lines of the configuration"
            text={'oidc:\n  issuer: https://login.example.com\n  client_id: mcpgate\n  client_secret: ${secret:idp}'}
          />
        </Stack>
      </Empty>
    </Section>
  );
}

function Provider({ provider }: { provider: IdentityProvider }) {
  const { document, claims } = provider;
  return (
    <>
      <Section
        title="Identity provider"
        lead={provider.label}
        actions={
          document.problem === null ? (
            <StatusBadge tone="ok">answers</StatusBadge>
          ) : (
            <StatusBadge tone="danger">does not answer</StatusBadge>
          )
        }
      >
        <Stack gap="md">
          {document.problem !== null && (
            <Alert color="red" variant="light" title="It could not be read the last time">
              <Text size="sm">{document.problem}</Text>
            </Alert>
          )}
          <Facts
            facts={[
              ['Issuer', <Code key="issuer">{provider.issuer}</Code>],
              ['Client id', <Code key="client">{provider.client_id}</Code>],
              ['Client', provider.public_client ? 'Public: without a secret' : 'Confidential: with a secret'],
              ['Scopes', provider.scopes.join(' ')],
              ['Its document', <ReadAt key="document" at={document.read_at} never="not read yet" />],
              ['Its keys', <ReadAt key="keys" at={provider.keys_read_at} never="read at the first sign-in" />],
            ]}
          />
        </Stack>
      </Section>
      <TrySignIn label={provider.label} />
      <Section title="To register there" lead="Copy these into the provider’s settings of this application.">
        <Stack gap="sm">
          <Labelled label="Redirect URI" text={provider.redirect_uri} />
          {provider.post_logout_redirect_uri !== null && (
            <Labelled label="Post-logout redirect URI" text={provider.post_logout_redirect_uri} />
          )}
          <Labelled label="Back-channel logout URI" text={provider.back_channel_logout_uri} />
        </Stack>
      </Section>
      <Section title="What a sign-in tells" lead="The claims that are read, and what follows from them.">
        <Facts
          facts={[
            ['User name', <Code key="name">{claims.name}</Code>],
            ['E-mail address', <Code key="email">{claims.email}</Code>],
            ['Groups', claims.groups === null ? 'Not read: managed here' : <Code key="groups">{claims.groups}</Code>],
            claims.workspace === null ? undefined : ['Workspace', <Code key="workspace">{claims.workspace}</Code>],
            provider.group_mapping === null
              ? undefined
              : ['Groups here', <Mapping key="groups here" mapping={provider.group_mapping} />],
            [
              'Roles here',
              provider.role_mapping === null ? 'Managed here' : <Mapping key="roles" mapping={provider.role_mapping} />,
            ],
            [
              'Who may come in',
              provider.allowed_domains.length === 0
                ? 'Everybody whom the provider lets in'
                : `People of ${provider.allowed_domains.join(', ')}`,
            ],
            [
              'The first time',
              provider.just_in_time ? 'An account is made here' : 'Only who has an account here already comes in',
            ],
            ['By e-mail address', provider.link_by_email ? 'Recognizes accounts that are here' : 'Recognizes nobody'],
          ]}
        />
      </Section>
    </>
  );
}

function Policy({ settings }: { settings: SignInSettingsView }) {
  const { forwarded, reauthenticate_after_s: after, identity_provider: provider } = settings;
  return (
    <Section title="What is demanded">
      <Facts
        facts={[
          ['Second factor', DEMANDED[settings.second_factor]],
          provider === null || settings.second_factor === 'off'
            ? undefined
            : [
                'Asked for there',
                provider.second_factor.length === 0
                  ? 'Never believed: everybody adds a passkey here'
                  : provider.second_factor.join(', '),
              ],
          [
            'Passkeys',
            settings.passkeys_possible
              ? 'Possible at this address'
              : 'Not possible: browsers make them for a host name over https alone',
          ],
          [
            'Passwords',
            settings.local_accounts
              ? 'Everybody may have one'
              : 'Only for administrators without an account at the provider',
          ],
          [
            'Before what matters',
            after === null ? 'Asked once, at the sign-in' : `Asked again ${minutesText(after)} after the last time`,
          ],
          forwarded === null
            ? undefined
            : [
                'Reverse proxy',
                `${forwarded.from.join(', ')}: ${[
                  forwarded.user_header,
                  forwarded.groups_header,
                  forwarded.email_header,
                ]
                  .filter((name) => name !== null)
                  .join(', ')}`,
              ],
        ]}
      />
    </Section>
  );
}

const minutesText = (seconds: number): string =>
  seconds < 120 ? `${Math.round(seconds)} seconds` : `${Math.round(seconds / 60)} minutes`;

function ReadAt({ at, never }: { at: string | null; never: string }) {
  return at === null ? (
    <>{never}</>
  ) : (
    <>
      read <Ago at={at} />
    </>
  );
}

function Labelled({ label, text }: { label: string; text: string }) {
  return (
    <div>
      <Text size="sm" fw={500} mb={4}>
        {label}
      </Text>
      <CopyLine text={text} label={`the ${label}`} />
    </div>
  );
}

function Mapping({ mapping }: { mapping: Readonly<Record<string, string>> }) {
  return (
    <Stack gap={4}>
      {Object.entries(mapping).map(([from, to]) => (
        <Group key={from} gap={6}>
          <Code>{from}</Code> is {to}
        </Group>
      ))}
    </Stack>
  );
}
