// Adds a server that is used with accounts: its record holds no secret, so there is nothing to look at first.
import { Button, Group, Stack, Text } from '@mantine/core';
import { serversApi } from 'mcpgate-shared/api/servers';
import { statusApi } from 'mcpgate-shared/api/status';
import type { FormEvent } from 'react';
import type { InputOf } from '../../../api/call.ts';
import { useChange } from '../../../api/use-api.ts';
import { ProblemAlert } from '../../../parts/problem-view.tsx';
import { toastDone } from '../../../parts/toast.tsx';

interface AddWithAccountProps {
  /** Undefined: something is missing yet. */
  server: InputOf<typeof serversApi.add>['body'] | undefined;
  /** What comes after it, for people. */
  then: string;
  onDone: () => void;
}

export function AddWithAccount({ server, then, onDone }: AddWithAccountProps) {
  const add = useChange(serversApi.add, {
    changes: [serversApi.list, statusApi.status],
    onDone({ name }) {
      toastDone({ message: `${name} was added.`, subject: `server:${name}` });
      onDone();
    },
  });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (server !== undefined) add.mutate({ body: server });
  };
  return (
    <form onSubmit={submit}>
      <Stack>
        <Text size="sm" c="dimmed">
          {then}
        </Text>
        <ProblemAlert problem={add.error} />
        <Group justify="flex-end">
          <Button type="submit" disabled={server === undefined} loading={add.isPending}>
            Add the server
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
