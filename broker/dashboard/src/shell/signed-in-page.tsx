// Where a sign-in in a second window ends.
import { Center, Stack, Text, Title } from '@mantine/core';
import { useEffect } from 'react';
import { Mark } from './mark.tsx';

export function SignedInPage() {
  useEffect(() => {
    document.title = 'You are signed in · mcpgate';
    // Works only for a window that the dashboard has opened, and not where the sign-in went over another site.
    window.close();
  }, []);
  return (
    <Center component="main" h="100dvh">
      <Stack align="center" gap="xs">
        <Mark size={40} />
        <Title order={1}>You are signed in</Title>
        <Text c="dimmed">Close this window, and go on where you were.</Text>
      </Stack>
    </Center>
  );
}
