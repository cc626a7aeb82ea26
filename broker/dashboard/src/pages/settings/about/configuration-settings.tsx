// The configuration as it holds: each key with its value and where that came from; and which things of the broker stand in files.
import { Code, Drawer, Group, Stack, Switch, Text, TextInput } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { getRouteApi } from '@tanstack/react-router';
import { settingsApi, type ConfigurationValue } from 'mcpgate-shared/api/settings/settings-api';
import { useApi } from '../../../api/use-api.ts';
import { DataTable, type Column } from '../../../parts/data-table.tsx';
import { Empty } from '../../../parts/empty.tsx';
import { Facts } from '../../../parts/facts.tsx';
import { Loaded } from '../../../parts/loaded.tsx';
import { AnchorLink } from '../../../parts/links.tsx';
import { Section } from '../../../parts/page.tsx';
import { StatusBadge } from '../../../parts/status-badge.tsx';
import { ConfigurationAsCode } from './configuration-as-code.tsx';

const route = getRouteApi('/shell/settings/$section');

const FROM: Readonly<Record<ConfigurationValue['from'], string>> = {
  flag: 'flag',
  environment: 'environment',
  file: 'file',
  default: 'default',
};

const COLUMNS: readonly Column<ConfigurationValue>[] = [
  {
    id: 'key',
    header: 'Key',
    width: 'minmax(150px, 1.2fr)',
    sortBy: ({ key }) => key,
    cell: ({ key }) => (
      <AnchorLink
        to="/settings/$section"
        params={{ section: 'configuration' }}
        search={(old) => ({ ...old, key })}
        resetScroll={false}
        size="sm"
      >
        {key}
      </AnchorLink>
    ),
  },
  {
    id: 'value',
    header: 'Value',
    width: 'minmax(140px, 1.4fr)',
    cell: ({ value }) => <Value value={value} />,
  },
  {
    id: 'from',
    header: 'From',
    width: '190px',
    from: 620,
    sortBy: ({ from }) => from,
    cell: ({ from, origin, value }) =>
      value === null ? null : from === 'default' ? (
        <Text size="sm" c="dimmed">
          default
        </Text>
      ) : (
        <Group gap={6}>
          <StatusBadge tone="info">{FROM[from]}</StatusBadge>
          {origin !== null && (
            <Text size="xs" c="dimmed">
              {origin}
            </Text>
          )}
        </Group>
      ),
  },
];

function Value({ value }: { value: string | null }) {
  return value === null ? (
    <Text size="sm" c="dimmed">
      not set
    </Text>
  ) : (
    <Code>{value}</Code>
  );
}

export function ConfigurationSettings() {
  const configuration = useApi(settingsApi.configuration, {});
  const { q = '', all = false, key } = route.useSearch();
  const navigate = route.useNavigate();
  const search = (change: { q?: string | undefined; all?: boolean | undefined; key?: string | undefined }): void =>
    void navigate({ search: (old) => ({ ...old, ...change }), replace: true, resetScroll: false });
  const word = q.trim().toLowerCase();
  const isShown = ({ key: name, value, from }: ConfigurationValue): boolean =>
    (all || word !== '' || from !== 'default') && `${name} ${value ?? ''}`.toLowerCase().includes(word);
  return (
    <Stack gap="lg">
      <Loaded query={configuration}>
        {({ file, values }) => (
          <>
            <Section
              title="What holds now"
              lead={
                file === null ? (
                  'There is no file: flags, environment and defaults.'
                ) : (
                  <>
                    Read from <Code>{file}</Code>
                  </>
                )
              }
              actions={
                <Group gap="md">
                  <Switch
                    label="Defaults, too"
                    checked={all || word !== ''}
                    disabled={word !== ''}
                    onChange={(event) => search({ all: event.currentTarget.checked || undefined })}
                  />
                  <TextInput
                    aria-label="Search keys and values"
                    placeholder="Search"
                    leftSection={<IconSearch size={16} aria-hidden />}
                    value={q}
                    onChange={(event) => search({ q: event.currentTarget.value || undefined })}
                  />
                </Group>
              }
              flush
            >
              <DataTable
                label="Configuration"
                rows={values.filter(isShown)}
                columns={COLUMNS}
                rowKey={(value) => value.key}
                isActive={(value) => value.key === key}
                empty={
                  <Empty icon={IconSearch} title={word === '' ? 'Nothing is set' : 'No key fits'}>
                    {word === '' ? 'Every key has its default.' : 'Search for a part of a key or of a value.'}
                  </Empty>
                }
              />
            </Section>
            <Explained value={values.find((each) => each.key === key)} onClose={() => search({ key: undefined })} />
          </>
        )}
      </Loaded>
      <ConfigurationAsCode />
    </Stack>
  );
}

function Explained({ value, onClose }: { value: ConfigurationValue | undefined; onClose: () => void }) {
  return (
    <Drawer opened={value !== undefined} onClose={onClose} title={value?.key}>
      {value !== undefined && (
        <Stack gap="md">
          <Text size="sm">
            <Described text={value.description} />
          </Text>
          <Facts
            facts={[
              ['Value', <Value key="value" value={value.value} />],
              [
                'Comes from',
                value.origin === null ? `the ${FROM[value.from]}` : `${FROM[value.from]}: ${value.origin}`,
              ],
              value.masked ? ['Masked', 'A part of it may be secret, and is not shown'] : undefined,
              ['Changes', value.reloads ? 'By a reload, while the broker runs' : 'By a restart'],
              ['In the documentation', <Code key="docs">{`docs/configuration.md`}</Code>],
            ]}
          />
        </Stack>
      )}
    </Drawer>
  );
}

/** The description of a key as the reference has it: links are said by their words, code is set as such. */
function Described({ text }: { text: string }) {
  return text
    .replaceAll(/\[((?:[^\]`]|`[^`]*`)*)\]\([^)]*\)/g, '$1')
    .split('`')
    .map((part, index) => (index % 2 === 1 ? <Code key={index}>{part}</Code> : <span key={index}>{part}</span>));
}
