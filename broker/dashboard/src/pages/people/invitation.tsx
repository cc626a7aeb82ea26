// What a new person is sent: the link, shown once, and the lines for their laptop.
import { Button, CopyButton, Group, Stack, Text } from '@mantine/core';
import { IconCheck, IconCopy } from '@tabler/icons-react';
import type { UserLink } from 'mcpgate-shared/api/users';
import { useSession } from '../../api/session.tsx';
import { CopyLine } from '../../parts/copy-line.tsx';
import { momentText } from '../../parts/time.tsx';
import { ShownOnce } from '../../parts/credentials/shown-once.tsx';

export function Invitation({ link, onClose }: { link: UserLink; onClose: () => void }) {
  const { broker } = useSession();
  const login = `mcpgate login ${broker.url}`;
  const until = momentText(Date.parse(link.expires_at));
  const message = [
    `Your access to mcpgate, ${link.user}:`,
    '',
    `1. Set your password, once, until ${until}:`,
    `   ${link.url}`,
    '2. On your laptop, with mcpgate on it:',
    `   ${login}`,
    '   mcpgate install-clients',
    '',
  ].join('\n');
  return (
    <Stack gap="md">
      <ShownOnce what="link">
        Whoever opens it sets the password of {link.user}: send it to them alone. It works once, until {until}; an
        earlier link ends with it.
      </ShownOnce>
      <CopyLine text={link.url} label="the link" />
      <Text size="sm">Then they connect their laptop, with mcpgate on it:</Text>
      <Stack gap={6}>
        <CopyLine text={login} />
        <CopyLine text="mcpgate install-clients" />
      </Stack>
      <Group justify="flex-end">
        <CopyButton value={message} timeout={2_000}>
          {({ copied, copy }) => (
            <Button
              variant="default"
              onClick={copy}
              leftSection={copied ? <IconCheck size={18} aria-hidden /> : <IconCopy size={18} aria-hidden />}
            >
              {copied ? 'Copied' : 'Copy all of it as a message'}
            </Button>
          )}
        </CopyButton>
        <Button onClick={onClose}>Done</Button>
      </Group>
    </Stack>
  );
}
