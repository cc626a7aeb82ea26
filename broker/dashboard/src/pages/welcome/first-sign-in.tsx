import { SegmentedControl, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import { useSession } from '../../api/session.tsx';
import { CopyLine } from '../../parts/copy-line.tsx';

const WAYS = [
  { value: 'local', label: 'Accounts here' },
  { value: 'idp', label: 'Identity provider' },
];

export function FirstSignIn() {
  const { broker } = useSession();
  const [way, setWay] = useState('local');
  return (
    <Stack gap="md">
      <SegmentedControl aria-label="How people sign in" data={WAYS} value={way} onChange={setWay} />
      {way === 'local' ? (
        <Text size="sm">
          There is nothing to set up: you invite people two steps on, and each sets a password by a link that is good
          once. They may add passkeys at their own page.
        </Text>
      ) : (
        <Stack gap="xs">
          <Text size="sm">
            1. At your provider (Entra ID, Okta, Google, Keycloak, any that speaks OpenID Connect), register a web
            application with this redirect address:
          </Text>
          <CopyLine text={`${broker.url}/oauth/idp/callback`} label="the redirect address" />
          <Text size="sm">2. Put this into the broker’s configuration file, with what the provider gave you:</Text>
          <CopyLine
            text={
              'oidc: { issuer: "https://login.example.com", client_id: "mcpgate", client_secret: "${file:/run/secrets/oidc}" }'
            }
            label="the configuration"
          />
          <Text size="sm">
            3. Check it, and start the broker with it. People then sign in there; you keep your password here.
          </Text>
          <CopyLine text="mcpgate-broker start --config broker.yaml" />
        </Stack>
      )}
    </Stack>
  );
}
