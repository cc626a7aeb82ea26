// "Needs attention": one thing that is not as it should be, why that matters, and the way to mend it. Without a way to mend it, it is not shown.
import { Group, Paper, Stack, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { TONE_ICON, type Tone } from './status-badge.tsx';
import classes from './attention.module.css';

export function Attention(props: {
  tone: Exclude<Tone, 'quiet'>;
  title: string;
  children?: ReactNode;
  action: ReactNode;
}) {
  const { tone, title, children, action } = props;
  const ToneIcon = TONE_ICON[tone];
  return (
    <Paper className={classes['card'] ?? ''} data-tone={tone} p="sm" radius="md">
      <Group align="flex-start" wrap="nowrap" gap="sm">
        <ToneIcon size={20} aria-hidden className={classes['icon']} />
        <Stack gap={2} flex={1} miw={0}>
          <Text fw={600} size="sm">
            {title}
          </Text>
          {children !== undefined && (
            <Text size="sm" c="dimmed" component="div">
              {children}
            </Text>
          )}
          <div>{action}</div>
        </Stack>
      </Group>
    </Paper>
  );
}
