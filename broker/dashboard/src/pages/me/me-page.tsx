// A person's own page: the laptops and applications that act for them, and the end of each; how to add another laptop.
import { Anchor, Button, Stack, Text } from '@mantine/core';
import { useSession } from '../../api/session.tsx';
import { CopyLine } from '../../parts/copy-line.tsx';
import { Page, Section } from '../../parts/page.tsx';
import { StatusBadge } from '../../parts/status-badge.tsx';
import { MyApplications } from './my-applications.tsx';
import { MyDevices } from './my-devices.tsx';

export function MePage() {
  const { user, role, broker } = useSession();
  return (
    <Page
      title={`Hello, ${user.display_name}`}
      badge={<StatusBadge tone="info">{role}</StatusBadge>}
      lead="What acts for you here. Whatever you do not know, end it: it loses access at once."
      actions={
        <>
          <Button component="a" href="/accounts" variant="default">
            Your accounts
          </Button>
          <Button component="a" href="/device">
            Connect a device
          </Button>
        </>
      }
    >
      <MyDevices />
      <MyApplications />
      <Section title="Another laptop">
        <Stack gap="xs">
          <Text size="sm">Log in on your laptop, once:</Text>
          <CopyLine text={`mcpgate login ${broker.url}`} />
          <Text size="sm">Let your AI clients use it:</Text>
          <CopyLine text="mcpgate install-clients" />
          <Text size="sm" c="dimmed">
            A laptop without a browser shows a code: enter it at{' '}
            <Anchor href="/device" size="sm" underline="always">
              {broker.url}/device
            </Anchor>
            .
          </Text>
        </Stack>
      </Section>
    </Page>
  );
}
