// A server by its parts: at an address, or a command that the broker starts. What looks like a secret goes into the vault, as from a client's file; one
// where people sign in has no secret, and is added with that.
import { ActionIcon, Button, Group, SegmentedControl, Select, Stack, TagsInput, Text, TextInput } from '@mantine/core';
import { IconPlus, IconX } from '@tabler/icons-react';
import { ServerNameSchema } from 'mcpgate-shared/api/fields';
import { IsolationSchema, serversApi, type Isolation } from 'mcpgate-shared/api/servers';
import { statusApi } from 'mcpgate-shared/api/status';
import { useState, type FormEvent } from 'react';
import { useChange } from '../../api/use-api.ts';
import { ProblemAlert } from '../../parts/problem-view.tsx';
import { toastDone } from '../../parts/toast.tsx';
import { LookThenAdd } from './look-then-add.tsx';

type Kind = 'http' | 'stdio';
/** `none`: what it needs stands in its headers or variables. */
type Login = 'none' | 'shared' | 'personal';
interface Pair {
  name: string;
  value: string;
}

const LOGINS = [
  { value: 'none', label: 'Nobody: what it needs is in its headers' },
  { value: 'shared', label: 'One of us, for everybody (OAuth)' },
  { value: 'personal', label: 'Each person, with their own account (OAuth)' },
];
const ISOLATIONS = [
  { value: 'shared', label: 'by everybody' },
  { value: 'per-user', label: 'by one person’s sessions' },
  { value: 'per-session', label: 'by nobody: each session has its own' },
];

const asRecord = (pairs: readonly Pair[]): Record<string, string> =>
  Object.fromEntries(pairs.filter(({ name }) => name.trim() !== '').map(({ name, value }) => [name.trim(), value]));

export function FormServer({ onDone }: { onDone: () => void }) {
  const [kind, setKind] = useState<Kind>('http');
  const [name, setName] = useState('');
  const [url, setUrl] = useState('');
  const [login, setLogin] = useState<Login>('none');
  const [command, setCommand] = useState('');
  const [args, setArgs] = useState<string[]>([]);
  const [folder, setFolder] = useState('');
  const [pairs, setPairs] = useState<readonly Pair[]>([]);
  const [isolation, setIsolation] = useState<Isolation>('shared');
  const mistake = name === '' ? undefined : ServerNameSchema.safeParse(name).error?.issues[0]?.message;
  const isComplete = name !== '' && mistake === undefined && (kind === 'http' ? url : command).trim() !== '';
  const values = asRecord(pairs);
  const record =
    kind === 'http'
      ? { type: 'http', url: url.trim(), headers: values }
      : { command: command.trim(), args, env: values, ...(folder !== '' && { cwd: folder }) };
  return (
    <Stack>
      <SegmentedControl
        aria-label="Where it runs"
        value={kind}
        data={[
          { value: 'http', label: 'At an address' },
          { value: 'stdio', label: 'A command that the broker starts' },
        ]}
        onChange={(chosen) => setKind(chosen === 'stdio' ? 'stdio' : 'http')}
      />
      <TextInput
        label="Name"
        description="Before each of its tools, as NAME__TOOL"
        placeholder="linear"
        value={name}
        onChange={({ currentTarget: { value } }) => setName(value.trim())}
        error={mistake}
        required
        autoComplete="off"
        data-autofocus
      />
      {kind === 'http' ? (
        <>
          <TextInput
            label="Address"
            placeholder="https://mcp.linear.app/mcp"
            value={url}
            onChange={({ currentTarget: { value } }) => setUrl(value)}
            required
          />
          <Select
            label="Who signs in there"
            data={LOGINS}
            value={login}
            allowDeselect={false}
            onChange={(chosen) => setLogin(chosen === 'shared' || chosen === 'personal' ? chosen : 'none')}
          />
        </>
      ) : (
        <>
          <TextInput
            label="Command"
            description="A program on the broker’s host"
            placeholder="npx"
            value={command}
            onChange={({ currentTarget: { value } }) => setCommand(value)}
            required
          />
          <TagsInput
            label="Arguments"
            description="One by one, with Enter after each"
            placeholder={args.length === 0 ? '-y' : ''}
            value={args}
            onChange={setArgs}
            splitChars={[]}
            isDuplicate={() => false}
            acceptValueOnBlur
          />
          <TextInput
            label="Working folder"
            description="Left empty: a home of its own"
            value={folder}
            onChange={({ currentTarget: { value } }) => setFolder(value.trim())}
          />
        </>
      )}
      <Pairs
        label={kind === 'http' ? 'Headers' : 'Variables'}
        example={kind === 'http' ? 'Authorization' : 'API_TOKEN'}
        pairs={pairs}
        onChange={setPairs}
      />
      {(kind === 'stdio' || login === 'none') && (
        <>
          <Select
            label="A connection is shared"
            data={ISOLATIONS}
            value={isolation}
            allowDeselect={false}
            onChange={(chosen) => setIsolation(IsolationSchema.safeParse(chosen).data ?? 'shared')}
          />
          <LookThenAdd
            servers={isComplete ? { [name]: record } : undefined}
            isolation={isComplete ? { [name]: isolation } : {}}
            onDone={onDone}
          />
        </>
      )}
      {kind === 'http' && login !== 'none' && (
        <AddWithLogin
          server={{ name, url: url.trim(), headers: values, login }}
          isComplete={isComplete}
          onDone={onDone}
        />
      )}
    </Stack>
  );
}

interface WithLogin {
  name: string;
  url: string;
  headers: Record<string, string>;
  login: 'shared' | 'personal';
}

function AddWithLogin(props: { server: WithLogin; isComplete: boolean; onDone: () => void }) {
  const { server, isComplete, onDone } = props;
  const { name, url, headers, login } = server;
  const add = useChange(serversApi.add, {
    changes: [serversApi.list, statusApi.status],
    onDone() {
      toastDone({ message: `${name} was added.`, subject: `server:${name}` });
      onDone();
    },
  });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    add.mutate({
      body: { name, transport: { kind: 'http', url, headers }, credential: login, account: { kind: 'oauth' } },
    });
  };
  return (
    <form onSubmit={submit}>
      <Stack>
        <Text size="sm" c="dimmed">
          {login === 'personal'
            ? 'Each person signs in there with their own account, when they first use it.'
            : 'Once it is added, an administrator connects the account on its page.'}
        </Text>
        <ProblemAlert problem={add.error} />
        <Group justify="flex-end">
          <Button type="submit" disabled={!isComplete} loading={add.isPending}>
            Add the server
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

interface PairsProps {
  label: string;
  example: string;
  pairs: readonly Pair[];
  onChange: (pairs: readonly Pair[]) => void;
}

function Pairs({ label, example, pairs, onChange }: PairsProps) {
  const set = (at: number, change: Partial<Pair>): void =>
    onChange(pairs.map((pair, index) => (index === at ? { ...pair, ...change } : pair)));
  return (
    <Stack gap="xs" role="group" aria-label={label}>
      <div>
        <Text size="sm" fw={600}>
          {label}
        </Text>
        <Text size="xs" c="dimmed">
          What looks like a secret goes into the vault; {'${secret:NAME}'} refers to one that is there.
        </Text>
      </div>
      {pairs.map(({ name, value }, at) => (
        <Group key={at} gap="xs" wrap="nowrap">
          <TextInput
            flex={2}
            aria-label={`Name ${at + 1}`}
            placeholder={example}
            value={name}
            autoComplete="off"
            onChange={({ currentTarget }) => set(at, { name: currentTarget.value })}
          />
          <TextInput
            flex={3}
            aria-label={`Value ${at + 1}`}
            value={value}
            autoComplete="off"
            spellCheck={false}
            onChange={({ currentTarget }) => set(at, { value: currentTarget.value })}
          />
          <ActionIcon
            variant="subtle"
            color="gray"
            aria-label={`Take ${name === '' ? 'this one' : name} out`}
            onClick={() => onChange(pairs.filter((_, index) => index !== at))}
          >
            <IconX size={16} aria-hidden />
          </ActionIcon>
        </Group>
      ))}
      <div>
        <Button
          size="compact-sm"
          variant="default"
          leftSection={<IconPlus size={14} aria-hidden />}
          onClick={() => onChange([...pairs, { name: '', value: '' }])}
        >
          Add one
        </Button>
      </div>
    </Stack>
  );
}
