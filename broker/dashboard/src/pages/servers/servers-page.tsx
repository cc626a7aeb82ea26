// All servers with how each of them is, and why.
import { Button, Text, TextInput } from '@mantine/core';
import { IconSearch, IconServer2 } from '@tabler/icons-react';
import { getRouteApi } from '@tanstack/react-router';
import { serversApi, type Server } from 'mcpgate-shared/api/servers';
import { useApi } from '../../api/use-api.ts';
import { DataTable, type Column } from '../../parts/data-table.tsx';
import { Empty } from '../../parts/empty.tsx';
import { AnchorLink } from '../../parts/links.tsx';
import { Loaded } from '../../parts/loaded.tsx';
import { Page, Section } from '../../parts/page.tsx';
import { StatusBadge } from '../../parts/status-badge.tsx';
import { Ago } from '../../parts/time.tsx';
import { AddServers, type AddWay } from './add-servers.tsx';
import { healthOf } from './server-health.ts';

const route = getRouteApi('/shell/servers');

const COLUMNS: readonly Column<Server>[] = [
  {
    id: 'name',
    header: 'Name',
    width: 'minmax(140px, 1.2fr)',
    sortBy: ({ name }) => name,
    cell: ({ name, transport }) => (
      <>
        <AnchorLink to="/servers/$name" params={{ name }} fw={600} size="sm">
          {name}
        </AnchorLink>
        <Text size="xs" c="dimmed">
          {transport}
        </Text>
      </>
    ),
  },
  {
    id: 'health',
    header: 'Health',
    width: 'minmax(130px, 2fr)',
    sortBy: (server) => healthOf(server).tone,
    cell: (server) => {
      const { tone, word, why } = healthOf(server);
      return (
        <>
          <StatusBadge tone={tone}>{word}</StatusBadge>
          {why !== undefined && tone !== 'ok' && (
            <Text size="xs" c="dimmed" mt={4} lineClamp={2}>
              {why}
            </Text>
          )}
        </>
      );
    },
  },
  {
    id: 'tools',
    header: 'Tools',
    width: '80px',
    align: 'right',
    from: 560,
    sortBy: ({ tools }) => tools,
    cell: ({ tools }) => tools ?? '–',
  },
  {
    id: 'account',
    header: 'Signs in with',
    from: 760,
    sortBy: ({ credential }) => credential,
    cell: ({ credential }) => (credential === 'personal' ? 'each person’s own account' : 'the shared account'),
  },
  {
    id: 'changed',
    header: 'Changed',
    width: '140px',
    from: 900,
    sortBy: ({ updated_at: at }) => at,
    cell: ({ updated_at: at }) => <Ago at={at} />,
  },
];

export function ServersPage() {
  const servers = useApi(serversApi.list, {});
  const { q = '', secret, add } = route.useSearch();
  const navigate = route.useNavigate();
  const onWay = (way: AddWay | undefined) => void navigate({ search: (before) => ({ ...before, add: way }) });
  return (
    <Page
      title="Servers"
      lead="What AI clients reach through this broker, and how each of them is."
      actions={<Button onClick={() => onWay('catalogue')}>Add servers</Button>}
    >
      <AddServers way={add} onWay={onWay} />
      <TextInput
        aria-label="Search"
        placeholder="Search by name"
        leftSection={<IconSearch size={16} aria-hidden />}
        value={q}
        maw={360}
        onChange={({ currentTarget: { value } }) =>
          void navigate({ search: (before) => ({ ...before, q: value === '' ? undefined : value }), replace: true })
        }
      />
      <Section
        title={secret === undefined ? 'All servers' : `Servers that use ${secret}`}
        actions={
          secret !== undefined && (
            <AnchorLink to="/servers" search={{}} size="sm">
              Show all
            </AnchorLink>
          )
        }
        flush
      >
        <Loaded query={servers}>
          {(all) => (
            <DataTable
              label="Servers"
              rows={all.filter(
                ({ name, secrets }) =>
                  name.includes(q.toLowerCase()) && (secret === undefined || secrets.includes(secret)),
              )}
              columns={COLUMNS}
              rowKey={({ id }) => id}
              sort={{ id: 'name' }}
              empty={
                <Empty icon={IconServer2} title={q === '' ? 'No server yet' : 'No server has this name'}>
                  {q === ''
                    ? 'Add the first one, and AI clients see its tools at once.'
                    : 'Search for a part of the name.'}
                </Empty>
              }
            />
          )}
        </Loaded>
      </Section>
    </Page>
  );
}
