// How a laptop is connected: the lines to copy.
import { Anchor, Stack, Text } from '@mantine/core';
import { useSession } from '../../api/session.tsx';
import { CopyLine } from '../../parts/copy-line.tsx';

export function InstallLines() {
  const { broker } = useSession();
  return (
    <Stack gap="xs">
      <Text size="sm">Log in on your laptop, once; your browser opens and asks whether this is your laptop:</Text>
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
  );
}
