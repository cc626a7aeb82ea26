// The filters above the log. Each is a part of the address; those that have no field of their own come by links, and are taken off here.
import { Autocomplete, Button, Group, Pill, SegmentedControl, Select, Text, TextInput } from '@mantine/core';
import { useDebouncedCallback, useDisclosure } from '@mantine/hooks';
import { IconFilter, IconSearch } from '@tabler/icons-react';
import type { TailLine } from 'mcpgate-shared/api/audit';
import { useMemo, useState } from 'react';
import { kindOf, type FilterName, type LogSearch } from './log-search.ts';
import { DECISION_WORDS, STATUS_WORDS, whoOf } from './record-words.ts';
import { TimeFilter } from './time-filter.tsx';
import classes from './log.module.css';

export interface FiltersProps {
  search: LogSearch;
  /** What is shown: people, servers and tools of it are offered. */
  lines: readonly TailLine[];
  onChange: (changes: Partial<LogSearch>) => void;
}

/** Without a field, with the word before their value. */
const BY_LINK: readonly (readonly [FilterName, string])[] = [
  ['rule', 'Rule'],
  ['secret', 'Secret'],
  ['credential', 'Credential'],
  ['client', 'AI client'],
  ['session', 'Session'],
  ['type', 'Type'],
  ['subject', 'About'],
];

const options = (words: Readonly<Record<string, string>>) =>
  Object.entries(words).map(([value, label]) => ({ value, label }));

export function LogFilters({ search, lines, onChange }: FiltersProps) {
  const [opened, { toggle }] = useDisclosure(false);
  const offered = useMemo(() => offersOf(lines), [lines]);
  const byLink = BY_LINK.flatMap(([name, word]) => {
    const value = search[name];
    return value === undefined ? [] : [{ name, word, value }];
  });
  const count = (['user', 'server', 'tool', 'decision', 'status'] as const).filter((name) => search[name]).length;
  return (
    <search aria-label="Filters">
      <div className={classes['first']}>
        <TextFilter value={search.text} onChange={(text) => onChange({ text })} />
        <SegmentedControl
          aria-label="Calls or events"
          value={kindOf(search) ?? 'both'}
          onChange={(value) => onChange({ what: value === 'calls' || value === 'events' ? value : undefined })}
          data={[
            { value: 'both', label: 'All' },
            { value: 'calls', label: 'Calls' },
            { value: 'events', label: 'Events' },
          ]}
        />
        <TimeFilter search={search} onChange={onChange} />
        <Button
          variant="default"
          className={classes['toggle'] ?? ''}
          leftSection={<IconFilter size={16} aria-hidden />}
          onClick={toggle}
          aria-expanded={opened}
        >
          {count === 0 ? 'More filters' : `More filters (${count})`}
        </Button>
      </div>
      <div className={classes['filters']} data-opened={opened || undefined} style={{ marginTop: 12 }}>
        <NameFilter
          label="Person"
          value={search.user}
          offered={offered.people}
          onChange={(user) => onChange({ user })}
        />
        <NameFilter
          label="Server"
          value={search.server}
          offered={offered.servers}
          onChange={(server) => onChange({ server })}
        />
        <NameFilter
          label="Tool"
          placeholder="github__* for all"
          value={search.tool}
          offered={offered.tools}
          onChange={(tool) => onChange({ tool })}
        />
        <Select
          label="Decision"
          placeholder="Any"
          clearable
          value={search.decision ?? null}
          data={options(DECISION_WORDS)}
          onChange={(value) => onChange({ decision: (value ?? undefined) as LogSearch['decision'] })}
        />
        <Select
          label="Result"
          placeholder="Any"
          clearable
          value={search.status ?? null}
          data={options(STATUS_WORDS)}
          onChange={(value) => onChange({ status: (value ?? undefined) as LogSearch['status'] })}
        />
      </div>
      {byLink.length > 0 && (
        <Group gap="xs" mt="sm">
          <Text size="sm" c="dimmed">
            Only with
          </Text>
          {byLink.map(({ name, word, value }) => (
            <Pill
              key={name}
              size="md"
              withRemoveButton
              onRemove={() => onChange({ [name]: undefined })}
              removeButtonProps={{ 'aria-label': `Take off ${word} ${value}`, 'aria-hidden': false, tabIndex: 0 }}
            >
              {word} {value}
            </Pill>
          ))}
        </Group>
      )}
    </search>
  );
}

const sorted = (names: ReadonlySet<string>): string[] => [...names].toSorted((one, other) => one.localeCompare(other));

function offersOf(lines: readonly TailLine[]) {
  const [people, servers, tools] = [new Set<string>(), new Set<string>(), new Set<string>()];
  for (const line of lines) {
    if (line.kind === 'event') {
      people.add(line.record.actor);
      continue;
    }
    people.add(whoOf(line.record));
    servers.add(line.record.server);
    if (line.record.tool_name !== null) tools.add(line.record.tool_name);
  }
  return { people: sorted(people), servers: sorted(servers), tools: sorted(tools) };
}

const TYPED_MS = 300;

/** Searches while one types. */
function TextFilter({ value, onChange }: { value: string | undefined; onChange: (value: string | undefined) => void }) {
  const [typed, setTyped] = useState(value ?? '');
  const [said, setSaid] = useState(value);
  // The address may change by other ways: a link, Back.
  if (said !== value) {
    setSaid(value);
    setTyped(value ?? '');
  }
  const tell = useDebouncedCallback((text: string) => {
    const next = text.trim() === '' ? undefined : text.trim();
    setSaid(next);
    onChange(next);
  }, TYPED_MS);
  return (
    <TextInput
      className={classes['text'] ?? ''}
      aria-label="Search"
      placeholder="A part of a tool, of an event or of what it is about"
      leftSection={<IconSearch size={16} aria-hidden />}
      value={typed}
      onChange={({ currentTarget }) => {
        setTyped(currentTarget.value);
        tell(currentTarget.value);
      }}
    />
  );
}

/** A whole name: taken when it is chosen, or with Enter, or when the field is left. */
function NameFilter(props: {
  label: string;
  placeholder?: string;
  value: string | undefined;
  offered: readonly string[];
  onChange: (value: string | undefined) => void;
}) {
  const { label, placeholder = 'Any', value, offered, onChange } = props;
  const [typed, setTyped] = useState(value ?? '');
  const [said, setSaid] = useState(value);
  if (said !== value) {
    setSaid(value);
    setTyped(value ?? '');
  }
  const tell = (text: string): void => {
    const next = text.trim() === '' ? undefined : text.trim();
    if (next !== value) onChange(next);
  };
  return (
    <Autocomplete
      label={label}
      placeholder={placeholder}
      clearable
      data={[...offered]}
      limit={50}
      value={typed}
      onChange={(text) => {
        setTyped(text);
        if (text === '') tell('');
      }}
      onOptionSubmit={tell}
      onBlur={() => tell(typed)}
      onKeyDown={({ key }) => {
        if (key === 'Enter') tell(typed);
      }}
    />
  );
}
