// A server by its parts: at an address, or a command that the broker starts. What looks like a secret goes into the vault, as from a client's file; one
// that is used with accounts has no secret, and is added with what its people need there.
import { SegmentedControl, Select, Stack, TagsInput, Text, TextInput } from '@mantine/core';
import { ServerNameSchema } from 'mcpgate-shared/api/fields';
import { IsolationSchema, type Isolation } from 'mcpgate-shared/api/servers';
import { useState } from 'react';
import { LookThenAdd } from '../look-then-add.tsx';
import { AccountKeys, NEW_KEY, readKeys, type AccountKey } from './account-keys.tsx';
import { AddWithAccount } from './add-with-account.tsx';
import { asRecord, Pairs, type Pair } from './pairs.tsx';
import { ProcessBounds, readLimits, type Limits } from './process-bounds.tsx';

type Kind = 'http' | 'stdio';

/** `none`: what it needs stands in its headers or variables. */
const LOGINS = [
  {
    value: 'none',
    label: 'Nobody: what it needs is in its headers',
    stdio: 'Nobody: what it needs is in its variables',
  },
  { value: 'shared', label: 'One of us, for everybody (OAuth)' },
  { value: 'personal', label: 'Each person, with their own account (OAuth)' },
  { value: 'keys', label: 'Each person, with keys of their own', stdio: 'Each person, with keys of their own' },
] as const;
type Login = (typeof LOGINS)[number]['value'];

const THEN: Readonly<Record<Exclude<Login, 'none'>, string>> = {
  shared: 'Once it is added, an administrator connects the account on its page.',
  personal: 'Each person signs in there with their own account, when they first use it.',
  keys: 'Each person enters their keys at My account, or when they first use it.',
};
const ISOLATIONS = [
  { value: 'shared', label: 'by everybody' },
  { value: 'per-user', label: 'by one person’s sessions' },
  { value: 'per-session', label: 'by nobody: each session has its own' },
];
const SECRETS = 'What looks like a secret goes into the vault; ${secret:NAME} refers to one that is there.';
const REFERENCES =
  'Written as references: ${account:NAME} is what each person entered, ${secret:NAME} is in the vault.';

export function FormServer({ onDone }: { onDone: () => void }) {
  const [kind, setKind] = useState<Kind>('http');
  const [name, setName] = useState('');
  const [url, setUrl] = useState('');
  const [chosen, setLogin] = useState<Login>('none');
  const [keys, setKeys] = useState<readonly AccountKey[]>([NEW_KEY]);
  const [command, setCommand] = useState('');
  const [args, setArgs] = useState<string[]>([]);
  const [folder, setFolder] = useState('');
  const [pairs, setPairs] = useState<readonly Pair[]>([]);
  const [isolation, setIsolation] = useState<Isolation>('shared');
  const [bounds, setBounds] = useState<Limits>({});
  const [isOffline, setOffline] = useState(false);

  const logins = LOGINS.flatMap((each) => {
    const label = kind === 'http' ? each.label : 'stdio' in each ? each.stdio : undefined;
    return label === undefined ? [] : [{ value: each.value, label }];
  });
  // A command takes keys alone.
  const login = logins.some(({ value }) => value === chosen) ? chosen : 'none';
  const mistake = name === '' ? undefined : ServerNameSchema.safeParse(name).error?.issues[0]?.message;
  const { limits, mistakes } = readLimits(bounds);
  const read = readKeys(keys);
  const values = asRecord(pairs);
  const unused = keys.filter(
    ({ name: key }) =>
      /^[A-Z0-9_]+$/.test(key) && !Object.values(values).some((value) => value.includes(`\${account:${key}}`)),
  );
  const isComplete =
    name !== '' &&
    mistake === undefined &&
    (kind === 'http' ? url : command).trim() !== '' &&
    (kind === 'http' || limits !== undefined);
  const started = {
    ...{ command: command.trim(), args, env: values },
    ...(folder !== '' && { cwd: folder }),
    ...(limits !== undefined && Object.keys(limits).length > 0 && { limits }),
    ...(isOffline && { network: 'none' as const }),
  };
  const at = { url: url.trim(), headers: values };
  const withAccount = () => {
    if (!isComplete || (login === 'keys' && (read.kind === 'mistakes' || unused.length > 0))) return undefined;
    const account = login === 'keys' && read.kind === 'read' ? read.account : { kind: 'oauth' as const };
    const transport = kind === 'http' ? { kind, ...at } : { kind, ...started };
    return { name, transport, credential: login === 'shared' ? login : ('personal' as const), account };
  };
  return (
    <Stack>
      <SegmentedControl
        aria-label="Where it runs"
        value={kind}
        data={[
          { value: 'http', label: 'At an address' },
          { value: 'stdio', label: 'Started by the broker' },
        ]}
        onChange={(next) => setKind(next === 'stdio' ? 'stdio' : 'http')}
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
        <TextInput
          label="Address"
          placeholder="https://mcp.linear.app/mcp"
          value={url}
          onChange={({ currentTarget: { value } }) => setUrl(value)}
          required
        />
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
      <Select
        label="Who signs in there"
        data={logins}
        value={login}
        allowDeselect={false}
        onChange={(next) => setLogin(LOGINS.find(({ value }) => value === next)?.value ?? 'none')}
      />
      {login === 'keys' && (
        <AccountKeys keys={keys} mistakes={read.kind === 'mistakes' ? read.at : new Map()} onChange={setKeys} />
      )}
      <Pairs
        label={kind === 'http' ? 'Headers' : 'Variables'}
        example={kind === 'http' ? 'Authorization' : 'API_TOKEN'}
        hint={
          login === 'none'
            ? SECRETS
            : login === 'keys'
              ? REFERENCES
              : 'The sign-in sets Authorization. ${secret:NAME} refers to what is in the vault.'
        }
        pairs={pairs}
        onChange={setPairs}
      />
      {login === 'keys' && unused.length > 0 && (
        <Text size="sm" role="status">
          Nothing needs {unused.map(({ name: key }) => key).join(', ')} yet: write{' '}
          {unused.map(({ name: key }) => `\${account:${key}}`).join(', ')} where the server wants it, in a value.
        </Text>
      )}
      {kind === 'stdio' && (
        <ProcessBounds
          limits={bounds}
          mistakes={mistakes}
          isOffline={isOffline}
          onLimits={setBounds}
          onOffline={setOffline}
        />
      )}
      {login === 'none' ? (
        <>
          <Select
            label="A connection is shared"
            data={ISOLATIONS}
            value={isolation}
            allowDeselect={false}
            onChange={(next) => setIsolation(IsolationSchema.safeParse(next).data ?? 'shared')}
          />
          <LookThenAdd
            servers={isComplete ? { [name]: kind === 'http' ? { type: 'http', ...at } : started } : undefined}
            isolation={isComplete ? { [name]: isolation } : {}}
            onDone={onDone}
          />
        </>
      ) : (
        <AddWithAccount server={withAccount()} then={THEN[login]} onDone={onDone} />
      )}
    </Stack>
  );
}
