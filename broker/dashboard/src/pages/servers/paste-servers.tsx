// Servers from the file of an AI client: pasted, looked at (which secrets go to the vault, what cannot be taken), and only then added.
import { Alert, Button, Checkbox, Code, Group, List, Stack, Text, Textarea } from '@mantine/core';
import { secretsApi } from 'mcpgate-shared/api/secrets';
import { serversApi } from 'mcpgate-shared/api/servers';
import type { ImportResult } from 'mcpgate-shared/api/servers/server-results';
import { statusApi } from 'mcpgate-shared/api/status';
import { useState } from 'react';
import { z } from 'zod';
import { useChange } from '../../api/use-api.ts';
import { countText } from '../../parts/figures.ts';
import { ProblemAlert } from '../../parts/problem-view.tsx';
import { toastDone } from '../../parts/toast.tsx';
import classes from './servers.module.css';

const EXAMPLE = `{
  "mcpServers": {
    "github": {
      "command": "npx",
      "args": ["-y", "@modelcontextprotocol/server-github"],
      "env": { "GITHUB_PERSONAL_ACCESS_TOKEN": "ghp_…" }
    }
  }
}`;

const Servers = z.record(z.string(), z.record(z.string(), z.unknown()));

/** The servers in what was pasted: a whole file, its part, or nothing but the servers. */
function serversIn(text: string): { servers?: z.output<typeof Servers>; problem?: string } {
  if (text.trim() === '') return {};
  let pasted: unknown;
  try {
    pasted = JSON.parse(text);
  } catch {
    return { problem: 'This is not JSON yet: paste the whole file, or all between its outer braces.' };
  }
  const file = z
    .object({ mcpServers: Servers })
    .or(z.object({ servers: Servers }))
    .safeParse(pasted);
  if (file.success) return { servers: 'mcpServers' in file.data ? file.data.mcpServers : file.data.servers };
  const alone = Servers.safeParse(pasted);
  return alone.success
    ? { servers: alone.data }
    : { problem: 'There are no servers in it: they stand under "mcpServers".' };
}

export function PasteServers({ onDone }: { onDone: () => void }) {
  const [text, setText] = useState('');
  const [plain, setPlain] = useState<readonly string[]>([]);
  const [looked, setLooked] = useState<{ text: string; result: ImportResult }>();
  const { servers, problem } = serversIn(text);
  const look = useChange(serversApi.import, { onDone: (result) => setLooked({ text, result }) });
  const add = useChange(serversApi.import, {
    changes: [serversApi.list, secretsApi.list, statusApi.status],
    onDone({ servers: added, secrets }) {
      setText('');
      toastDone({
        message: `${countText(added.length, 'server')} added; ${countText(secrets.length, 'secret')} went into the vault.`,
        ...(added[0] !== undefined && { subject: `server:${added[0]}` }),
      });
      onDone();
    },
  });
  const isLooked = looked !== undefined && looked.text === text;
  return (
    <Stack>
      <Textarea
        label="What stands in the file"
        description="Of Claude Code, Cursor, VS Code or another client. Tokens in it go into the vault, and nothing of them stays here."
        placeholder={EXAMPLE}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        error={problem}
        autosize
        minRows={12}
        maxRows={22}
        spellCheck={false}
        autoComplete="off"
        classNames={{ input: classes['text'] ?? '' }}
        data-autofocus
      />
      <ProblemAlert problem={look.error ?? add.error} />
      {isLooked && <Looked result={looked.result} plain={plain} onPlain={setPlain} />}
      <Group justify="flex-end">
        <Button
          variant={isLooked ? 'default' : 'filled'}
          disabled={servers === undefined}
          loading={look.isPending}
          onClick={() => servers && look.mutate({ body: { mcpServers: servers, dry_run: true } })}
        >
          Look at it
        </Button>
        {isLooked && (
          <Button
            disabled={servers === undefined || looked.result.servers.length === 0}
            loading={add.isPending}
            onClick={() => servers && add.mutate({ body: { mcpServers: servers, plain: [...plain] } })}
          >
            Add {countText(looked.result.servers.length, 'server')}
          </Button>
        )}
      </Group>
    </Stack>
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
