// Nothing there yet: what would be here, and how it comes here.
import { Stack, Text, Title } from '@mantine/core';
import type { Icon } from '@tabler/icons-react';
import type { ReactNode } from 'react';

export function Empty(props: { icon: Icon; title: string; children?: ReactNode; action?: ReactNode }) {
  const { icon: EmptyIcon, title, children, action } = props;
  return (
    <Stack align="center" gap="xs" pt={28} pb={36} px="md">
      <EmptyIcon size={36} stroke={1.4} aria-hidden color="var(--mantine-color-dimmed)" />
      <Title order={2} ta="center">
        {title}
      </Title>
      {children !== undefined && (
        <Text c="dimmed" size="sm" ta="center" maw={440} component="div">
          {children}
        </Text>
      )}
      {action !== undefined && <div>{action}</div>}
    </Stack>
  );
}
