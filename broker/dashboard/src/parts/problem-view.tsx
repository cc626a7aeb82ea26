// What a person sees of a Problem: one designed state for each kind, each with what to do.
import { Alert, Button, Group, Stack, Text, Title } from '@mantine/core';
import {
  IconAlertTriangle,
  IconClock,
  IconHelpCircle,
  IconLock,
  IconPlugConnectedX,
  type Icon,
} from '@tabler/icons-react';
import { toProblem, type ProblemKind } from '../api/problem.ts';

interface Look {
  icon: Icon;
  title: string;
  /** In place of the broker's own words, where those do not help a person. */
  text?: string;
}

const LOOKS: Readonly<Record<ProblemKind, Look>> = {
  unauthenticated: { icon: IconLock, title: 'You are signed out' },
  forbidden: { icon: IconLock, title: 'This is not for your role' },
  reauthenticate: {
    icon: IconLock,
    title: 'Show first that it is you',
    text: 'Nothing was changed. Try again, and show who you are when you are asked.',
  },
  not_found: { icon: IconHelpCircle, title: 'It is not there' },
  stale: {
    icon: IconAlertTriangle,
    title: 'Somebody else changed it',
    text: 'It was changed since you opened it, and nothing of yours was saved. Load it again, look at what changed, and save once more.',
  },
  conflict: { icon: IconAlertTriangle, title: 'That does not go with what is there' },
  refused: { icon: IconAlertTriangle, title: 'The broker refused it' },
  limited: { icon: IconClock, title: 'Too many tries' },
  offline: {
    icon: IconPlugConnectedX,
    title: 'The broker cannot be reached',
    text: 'It is tried again by itself. If it stays so, look whether the broker runs and your network is there.',
  },
  broken: { icon: IconAlertTriangle, title: 'Something went wrong' },
};

export interface ProblemProps {
  problem: unknown;
  retry?: (() => void) | undefined;
}

/** In place of what could not be read. */
export function ProblemView({ problem: thrown, retry }: ProblemProps) {
  const problem = toProblem(thrown);
  const { icon: LookIcon, title, text } = LOOKS[problem.kind];
  return (
    <Stack role="alert" align="center" gap="xs" py={48} px="md">
      <LookIcon size={36} stroke={1.4} aria-hidden color="var(--mantine-color-dimmed)" />
      <Title order={2} ta="center">
        {title}
      </Title>
      <Text c="dimmed" size="sm" ta="center" maw={520}>
        {text ?? problem.message}
      </Text>
      {retry !== undefined && problem.kind !== 'forbidden' && (
        <Button variant="default" onClick={retry} mt="xs">
          Try again
        </Button>
      )}
    </Stack>
  );
}

/** Beside what was tried: in a form, a dialog, a drawer. Nothing where there is no problem. */
export function ProblemAlert({ problem: thrown, retry }: ProblemProps) {
  if (thrown === null || thrown === undefined) return null;
  const problem = toProblem(thrown);
  const { icon: LookIcon, title, text } = LOOKS[problem.kind];
  return (
    <Alert role="alert" color="red" variant="light" title={title} icon={<LookIcon aria-hidden />}>
      <Group justify="space-between" gap="sm">
        <Text size="sm" flex={1} miw={200}>
          {text ?? problem.message}
        </Text>
        {retry !== undefined && (
          <Button size="xs" variant="default" onClick={retry}>
            Load it again
          </Button>
        )}
      </Group>
    </Alert>
  );
}
