// A server from the catalogue: found by a word, filled in, added. What is secret goes up once, into the vault.
import { Anchor, Button, Group, PasswordInput, Select, Stack, Text, TextInput, UnstyledButton } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { IconPackage, IconSearch } from '@tabler/icons-react';
import { catalogueApi, type CatalogueEntry, type CatalogueField } from 'mcpgate-shared/api/catalogue';
import { secretsApi } from 'mcpgate-shared/api/secrets';
import { serversApi } from 'mcpgate-shared/api/servers';
import { useState } from 'react';
import { useApi, useChange } from '../../api/use-api.ts';
import { Empty } from '../../parts/empty.tsx';
import { Loaded } from '../../parts/loaded.tsx';
import { ProblemAlert } from '../../parts/problem-view.tsx';
import { StatusBadge } from '../../parts/status-badge.tsx';
import { toastDone } from '../../parts/toast.tsx';
import classes from './servers.module.css';

export function CatalogueServers({ onDone }: { onDone: () => void }) {
  const [word, setWord] = useState('');
  const [search] = useDebouncedValue(word.trim(), 200);
  const [chosen, setChosen] = useState<CatalogueEntry>();
  const list = useApi(catalogueApi.list, { query: search === '' ? {} : { search } }, { keepsOld: true });
  if (chosen !== undefined) return <FillIn entry={chosen} onBack={() => setChosen(undefined)} onDone={onDone} />;
  return (
    <Stack>
      <TextInput
        aria-label="Search the catalogue"
        placeholder="GitHub, Sentry, Postgres …"
        leftSection={<IconSearch size={16} aria-hidden />}
        value={word}
        onChange={(event) => setWord(event.currentTarget.value)}
        data-autofocus
      />
      <Loaded query={list}>
        {({ entries }) =>
          entries.length === 0 ? (
            <Empty icon={IconPackage} title="Nothing of this name">
              Every server can be added by form, or from what a client’s file holds.
            </Empty>
          ) : (
            <ul className={classes['entries']}>
              {entries.map((entry) => (
                <li key={entry.name}>
                  <UnstyledButton className={classes['entry'] ?? ''} onClick={() => setChosen(entry)}>
                    <Group gap="xs">
                      <Text size="sm" fw={600}>
                        {entry.title}
                      </Text>
                      {entry.verified && <StatusBadge tone="ok">Checked</StatusBadge>}
                    </Group>
                    <Text size="sm" c="dimmed">
                      {entry.description} By {entry.maker}.
                    </Text>
                  </UnstyledButton>
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
    </Stack>
  );
}

function FillIn({ entry, onBack, onDone }: { entry: CatalogueEntry; onBack: () => void; onDone: () => void }) {
  // What each person brings themselves is not asked here.
  const fields = entry.fields.filter(({ of }) => of === 'server' || entry.credential !== 'personal');
  const [values, setValues] = useState<Readonly<Record<string, string>>>(() =>
    Object.fromEntries(fields.flatMap(({ name, default: usual }) => (usual === null ? [] : [[name, usual]]))),
  );
  const [name, setName] = useState('');
  const add = useChange(catalogueApi.add, {
    changes: [serversApi.list, secretsApi.list],
    onDone({ server }) {
      setValues({});
      toastDone({ message: `${server?.name ?? entry.title} was added.`, subject: `server:${server?.name ?? ''}` });
      onDone();
    },
  });
  const given = Object.fromEntries(Object.entries(values).filter(([, value]) => value !== ''));
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        add.mutate({ body: { from: entry.name, values: given, ...(name !== '' && { name }) } });
      }}
    >
      <Stack>
        <div>
          <Text fw={600}>{entry.title}</Text>
          <Text size="sm" c="dimmed">
            {entry.description}{' '}
            {entry.docs !== null && (
              <Anchor href={entry.docs} target="_blank" rel="noreferrer" size="sm" underline="always">
                What its maker says
              </Anchor>
            )}
          </Text>
          {entry.note !== null && (
            <Text size="sm" mt="xs">
              {entry.note}
            </Text>
          )}
        </div>
        <TextInput
          label="Name here"
          description="Before each of its tools, as NAME__TOOL"
          placeholder={entry.name}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          data-autofocus
        />
        {fields.map((field) => (
          <Field
            key={field.name}
            field={field}
            value={values[field.name] ?? ''}
            onChange={(value) => setValues((before) => ({ ...before, [field.name]: value }))}
          />
        ))}
        {entry.oauth !== null && (
          <Text size="sm" c="dimmed">
            {entry.credential === 'personal'
              ? 'Each person signs in there with their own account, when they first use it.'
              : 'Once it is added, sign in there with the account that everybody uses.'}
          </Text>
        )}
        <ProblemAlert problem={add.error} />
        <Group justify="flex-end">
          <Button variant="default" onClick={onBack}>
            Back to the catalogue
          </Button>
          <Button type="submit" loading={add.isPending}>
            Add the server
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function Field(props: { field: CatalogueField; value: string; onChange: (value: string) => void }) {
  const { field, value, onChange } = props;
  const common = {
    label: field.label,
    description: (
      <>
        {field.help}{' '}
        {field.url !== null && (
          <Anchor href={field.url} target="_blank" rel="noreferrer" size="xs" underline="always">
            Make one
          </Anchor>
        )}
      </>
    ),
    required: field.required,
    value,
  };
  if (field.choices.length > 0)
    return <Select {...common} data={field.choices} onChange={(chosen) => onChange(chosen ?? '')} />;
  if (field.secret)
    return <PasswordInput {...common} autoComplete="off" onChange={(event) => onChange(event.currentTarget.value)} />;
  return <TextInput {...common} onChange={(event) => onChange(event.currentTarget.value)} />;
}
