// What a secret, or one version of it, has reached: who called with it, from where, at which servers. The first question after it leaked.
import { Select, SimpleGrid } from '@mantine/core';
import { IconKeyOff } from '@tabler/icons-react';
import { getRouteApi } from '@tanstack/react-router';
import { secretsApi, type SecretUses } from 'mcpgate-shared/api/secrets';
import { useMemo, useState } from 'react';
import { useApi } from '../../api/use-api.ts';
import { DataTable, type Column } from '../../parts/data-table.tsx';
import { Empty } from '../../parts/empty.tsx';
import { Figure } from '../../parts/figure.tsx';
import { AnchorLink } from '../../parts/links.tsx';
import { Loaded } from '../../parts/loaded.tsx';
import { Page, Section } from '../../parts/page.tsx';
import { Ago, useNow } from '../../parts/time.tsx';
import { logColumns } from './log-columns.tsx';

const route = getRouteApi('/shell/log/secret/$name');
const DAY_MS = 86_400_000;
const DAYS = [1, 7, 30, 90, 365];

export function SecretUsesPage() {
  const { name } = route.useParams();
  const { version, days = 30 } = route.useSearch();
  const navigate = route.useNavigate();
  // Of a day, so that the same question is asked while one looks.
  const [today] = useState(() => Math.floor(Date.now() / DAY_MS));
  const since = new Date((today - days + 1) * DAY_MS).toISOString();
  const query = { since, ...(version !== undefined && { version }) };
  const uses = useApi(secretsApi.uses, { params: { name }, query }, { keepsOld: true });
  return (
    <Page
      title={version === undefined ? name : `${name}, version ${version}`}
      above={[
        <AnchorLink key="log" to="/log" size="sm">
          Log
        </AnchorLink>,
      ]}
      lead="The blast radius of this secret: who called with it, from which devices, at which servers."
      actions={
        <Select
          aria-label="Time"
          value={String(days)}
          allowDeselect={false}
          data={DAYS.map((each) => ({
            value: String(each),
            label: each === 1 ? 'Today (UTC)' : `The last ${each} days`,
          }))}
          onChange={(value) =>
            void navigate({ search: (before) => ({ ...before, days: Number(value) }), replace: true })
          }
        />
      }
    >
      <Loaded query={uses}>{(data) => <Reached uses={data} />}</Loaded>
    </Page>
  );
}

function Reached({ uses }: { uses: SecretUses }) {
  const { name, version } = uses;
  const now = useNow();
  const columns = useMemo(() => logColumns(now), [now]);
  const records = useMemo(() => uses.records.map((record) => ({ kind: 'call' as const, record })), [uses.records]);
  const secret = version === null ? name : `${name}@${version}`;
  return (
    <>
      <SimpleGrid cols={{ base: 2, md: 4 }}>
        <Figure label="Calls that carried it" value={uses.calls} />
        <Figure label="People" value={uses.people.length} />
        <Figure label="Devices" value={uses.devices.length} />
        <Figure label="Servers" value={new Set(uses.users.flatMap(({ servers }) => servers)).size} />
      </SimpleGrid>
      <Section title="Who used it" flush>
        <DataTable
          label="Who used it"
          rows={uses.users}
          columns={USERS}
          rowKey={({ member, credential, device }) => `${member ?? ''} ${credential} ${device ?? ''}`}
          sort={{ id: 'calls', desc: true }}
          empty={
            <Empty icon={IconKeyOff} title="No call carried it in this time">
              Choose a longer time to look further back.
            </Empty>
          }
        />
      </Section>
      {records.length > 0 && (
        <Section
          title="The last of these calls"
          flush
          actions={
            <AnchorLink to="/log" search={{ secret, since: uses.since }} size="sm">
              All of them in the log
            </AnchorLink>
          }
        >
          <DataTable
            label="Calls that carried it"
            rows={records}
            columns={columns}
            rowKey={({ record }) => record.id}
            empty={null}
          />
        </Section>
      )}
    </>
  );
}

const USERS: readonly Column<SecretUses['users'][number]>[] = [
  {
    id: 'who',
    header: 'Who',
    sortBy: ({ member, credential }) => member ?? credential,
    cell: ({ member, credential }) => (
      <AnchorLink to="/log" search={{ user: member ?? credential }} size="sm" fw={600}>
        {member ?? credential}
      </AnchorLink>
    ),
  },
  { id: 'with', header: 'With', from: 560, cell: ({ device, credential }) => device ?? credential },
  { id: 'servers', header: 'Servers', from: 700, cell: ({ servers }) => servers.join(', ') },
  { id: 'versions', header: 'Versions', width: '90px', from: 640, cell: ({ versions }) => versions.join(', ') },
  {
    id: 'calls',
    header: 'Calls',
    width: '72px',
    align: 'right',
    sortBy: ({ calls }) => calls,
    cell: ({ calls }) => calls.toLocaleString(),
  },
  {
    id: 'last',
    header: 'Last',
    width: 'minmax(108px, 140px)',
    sortBy: ({ last_at: at }) => at,
    cell: ({ last_at: at }) => <Ago at={at} />,
  },
];
