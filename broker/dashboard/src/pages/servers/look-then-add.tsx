// Servers as a client's file has them are looked at (which secrets go to the vault, what cannot be taken), and only then added.
import { Alert, Button, Checkbox, Code, Group, List, Stack, Text } from '@mantine/core';
import { secretsApi } from 'mcpgate-shared/api/secrets';
import { serversApi, type Isolation } from 'mcpgate-shared/api/servers';
import type { ImportResult } from 'mcpgate-shared/api/servers/server-results';
import { statusApi } from 'mcpgate-shared/api/status';
import { useState } from 'react';
import { useChange } from '../../api/use-api.ts';
import { countText } from '../../parts/figures.ts';
import { ProblemAlert } from '../../parts/problem-view.tsx';
import { toastDone } from '../../parts/toast.tsx';

export interface LookThenAddProps {
  /** Undefined: there is nothing yet that could be added. */
  servers: Readonly<Record<string, Record<string, unknown>>> | undefined;
  isolation?: Readonly<Record<string, Isolation>>;
  onDone: () => void;
}

export function LookThenAdd({ servers, isolation = {}, onDone }: LookThenAddProps) {
  const [plain, setPlain] = useState<readonly string[]>([]);
  const [looked, setLooked] = useState<{ text: string; result: ImportResult }>();
  const text = JSON.stringify([servers, isolation]);
  const body = servers && { mcpServers: servers, isolation };
  const look = useChange(serversApi.import, { onDone: (result) => setLooked({ text, result }) });
  const add = useChange(serversApi.import, {
    changes: [serversApi.list, secretsApi.list, statusApi.status],
    onDone({ servers: added, secrets }) {
      toastDone({
        message: `${countText(added.length, 'server')} added; ${countText(secrets.length, 'secret')} went into the vault.`,
        ...(added[0] !== undefined && { subject: `server:${added[0]}` }),
      });
      onDone();
    },
  });
  const isLooked = looked !== undefined && looked.text === text;
  return (
    <>
      <ProblemAlert problem={look.error ?? add.error} />
      {isLooked && <Looked result={looked.result} plain={plain} onPlain={setPlain} />}
      <Group justify="flex-end">
        <Button
          variant={isLooked ? 'default' : 'filled'}
          disabled={body === undefined}
          loading={look.isPending}
          onClick={() => body && look.mutate({ body: { ...body, dry_run: true } })}
        >
          Look at it
        </Button>
        {isLooked && (
          <Button
            disabled={body === undefined || looked.result.servers.length === 0}
            loading={add.isPending}
            onClick={() => body && add.mutate({ body: { ...body, plain: [...plain] } })}
          >
            Add {countText(looked.result.servers.length, 'server')}
          </Button>
        )}
      </Group>
    </>
  );
}

function Looked(props: {
  result: ImportResult;
  plain: readonly string[];
  onPlain: (names: readonly string[]) => void;
}) {
  const { result, plain, onPlain } = props;
  const { servers, renamed, secrets, unset, warnings } = result;
  const sure = secrets.filter(({ kind }) => kind === 'secret');
  const doubtful = secrets.filter(({ kind }) => kind === 'doubtful');
  return (
    <Stack gap="sm" role="status">
      <Text size="sm">
        <strong>
          {servers.length === 0 ? 'No server of it can be added.' : `To be added: ${servers.join(', ')}.`}
        </strong>{' '}
        {renamed.map(({ from, to }) => `${from} becomes ${to}.`).join(' ')}
      </Text>
      {sure.length > 0 && (
        <div>
          <Text size="sm" fw={600}>
            Into the vault
          </Text>
          <List size="sm">
            {sure.map(({ name, server, from }) => (
              <List.Item key={name}>
                <Code>{from}</Code> of {server}, as the secret <Code>{name}</Code>
              </List.Item>
            ))}
          </List>
        </div>
      )}
      {doubtful.length > 0 && (
        <Checkbox.Group
          label="These look like secrets, and may be none"
          description="What is ticked goes into the vault; what is not stays readable in the record."
          value={doubtful.map(({ name }) => name).filter((name) => !plain.includes(name))}
          onChange={(ticked) => onPlain(doubtful.map(({ name }) => name).filter((name) => !ticked.includes(name)))}
        >
          <Stack gap="xs" mt="xs">
            {doubtful.map(({ name, server, from }) => (
              <Checkbox key={name} value={name} label={`${from} of ${server}`} />
            ))}
          </Stack>
        </Checkbox.Group>
      )}
      {unset.length > 0 && (
        <Alert color="yellow" title="To be set before they work">
          {unset.map(({ name, server }) => `${name} (${server})`).join(', ')}
        </Alert>
      )}
      {warnings.length > 0 && (
        <Alert color="yellow" title="Left out or changed">
          <List size="sm">
            {warnings.map((warning) => (
              <List.Item key={warning}>{warning}</List.Item>
            ))}
          </List>
        </Alert>
      )}
    </Stack>
  );
}
