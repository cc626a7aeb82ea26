import { Alert, Stack, Text } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { useSession } from '../../api/session.tsx';
import { CopyLine } from '../../parts/copy-line.tsx';
import { Facts } from '../../parts/facts.tsx';

const LOOPBACK = /^https?:\/\/(?:localhost|127\.|\[::1\])/;

export function FirstBroker() {
  const { broker, workspace } = useSession();
  return (
    <Stack gap="md">
      <Facts
        facts={[
          ['Address', broker.url],
          ['Workspace', workspace.name],
          ['Version', broker.version],
        ]}
      />
      {LOOPBACK.test(broker.url) && (
        <Alert
          color="yellow"
          variant="light"
          icon={<IconAlertTriangle aria-hidden />}
          title="Only this computer reaches that address"
        >
          <Stack gap="xs">
            <Text size="sm">
              For a try that is enough: go on. For others start it with the address that they use, behind a proxy that
              ends TLS or with a certificate of its own:
            </Text>
            <CopyLine text="mcpgate-broker start --listen 0.0.0.0:443 --public-url https://mcpgate.example.com --tls-cert cert.pem --tls-key key.pem" />
          </Stack>
        </Alert>
      )}
      <Text size="sm" c="dimmed">
        Each workspace has its own people, servers, secrets and rules. One is enough for most; another is made by:
      </Text>
      <CopyLine text="mcpgate-broker workspace add team-b" />
    </Stack>
  );
}
