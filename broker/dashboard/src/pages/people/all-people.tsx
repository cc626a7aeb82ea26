// All people with how each of them is here.
import { Badge, Group, Select, Text } from '@mantine/core';
import { IconUsers } from '@tabler/icons-react';
import { devicesApi, sessionsApi, type Device, type Session } from 'mcpgate-shared/api/devices';
import { ROLES } from 'mcpgate-shared/api/roles';
import { usersApi, type User } from 'mcpgate-shared/api/users';
import { useWhole } from '../../api/use-whole.ts';
import { DataTable, type Column } from '../../parts/data-table.tsx';
import { Empty } from '../../parts/empty.tsx';
import { AnchorLink } from '../../parts/links.tsx';
import { Loaded } from '../../parts/loaded.tsx';
import { Section } from '../../parts/page.tsx';
import { StatusBadge } from '../../parts/status-badge.tsx';
import { Ago } from '../../parts/time.tsx';
import { USER_STATES, type UserState } from './people-address.ts';
import { holdsWords, SearchField, usePeopleSearch } from './people-search.tsx';
import { STATE_LOOK, stateOfUser } from './user-state.ts';

interface Row extends User {
  state: UserState;
  lastSeenAt: string | null;
  devices: number;
  links: number;
}

/** Each person with what their devices and sign-ins say of them. */
function rowsOf(users: readonly User[], devices: readonly Device[], sessions: readonly Session[]): Row[] {
  const seen = new Map<string, string>();
  const counts = new Map<string, { devices: number; links: number }>();
  for (const { user, last_seen_at: at } of [...devices, ...sessions])
    if ((seen.get(user) ?? '') < at) seen.set(user, at);
  for (const { user, revoked_at: revokedAt, connected } of devices) {
    const count = counts.get(user) ?? { devices: 0, links: 0 };
    counts.set(user, {
      devices: count.devices + (revokedAt === null ? 1 : 0),
      links: count.links + (connected ? 1 : 0),
    });
  }
  return users.map((user) => {
    const { devices: owned, links } = counts.get(user.name) ?? { devices: 0, links: 0 };
    const lastSeenAt = seen.get(user.name) ?? null;
    return { ...user, state: stateOfUser(user, { links, lastSeenAt }), lastSeenAt, devices: owned, links };
  });
}

const COLUMNS: readonly Column<Row>[] = [
  {
    id: 'name',
    header: 'Name',
    width: 'minmax(170px, 1.6fr)',
    sortBy: ({ name }) => name,
    cell: ({ name, email }) => (
      <>
        <AnchorLink to="/people/$name" params={{ name }} fw={600} size="sm">
          {name}
        </AnchorLink>
        {email !== null && (
          <Text size="xs" c="dimmed" truncate>
            {email}
          </Text>
        )}
      </>
    ),
  },
  { id: 'role', header: 'Role', width: '110px', from: 620, sortBy: ({ role }) => role, cell: ({ role }) => role },
  {
    id: 'groups',
    header: 'Groups',
    width: 'minmax(140px, 1.4fr)',
    from: 760,
    sortBy: ({ groups }) => groups.join(' '),
    cell: ({ groups }) => <GroupNames groups={groups} />,
  },
  {
    id: 'state',
    header: 'State',
    width: '150px',
    sortBy: ({ state }) => USER_STATES.indexOf(state),
    cell: ({ state }) => <StatusBadge tone={STATE_LOOK[state].tone}>{STATE_LOOK[state].word}</StatusBadge>,
  },
  {
    id: 'seen',
    header: 'Last seen',
    width: '130px',
    from: 520,
    sortBy: ({ lastSeenAt }) => lastSeenAt,
    cell: ({ lastSeenAt }) => <Ago at={lastSeenAt} />,
  },
  {
    id: 'devices',
    header: 'Devices',
    width: '100px',
    align: 'right',
    from: 880,
    sortBy: ({ devices }) => devices,
    cell: ({ devices }) => devices,
  },
  {
    id: 'links',
    header: 'Links now',
    width: '110px',
    align: 'right',
    from: 980,
    sortBy: ({ links }) => links,
    cell: ({ links }) => links,
  },
];

function GroupNames({ groups }: { groups: readonly string[] }) {
  const [first, second, ...more] = groups;
  if (first === undefined) return <Text c="dimmed">–</Text>;
  return (
    <Group gap={4}>
      {[first, ...(second === undefined ? [] : [second])].map((name) => (
        <Badge key={name} color="gray" variant="default" maw={160}>
          {name}
        </Badge>
      ))}
      {more.length > 0 && (
        <Text size="xs" c="dimmed" title={more.join(', ')}>
          and {more.length} more
        </Text>
      )}
    </Group>
  );
}

export function AllPeople() {
  const users = useWhole(usersApi.list, {});
  const devices = useWhole(devicesApi.list, {});
  const sessions = useWhole(sessionsApi.list, {});
  const { search, set, sorting } = usePeopleSearch();
  const { q, role, state, group } = search;
  const groups = [...new Set(users.data?.flatMap((user) => user.groups))].toSorted();
  const isFiltered = [q, role, state, group].some((each) => each !== undefined);
  return (
    <>
      <Group gap="sm">
        <SearchField placeholder="Search by name or e-mail" />
        <Select
          aria-label="Role"
          placeholder="Any role"
          clearable
          w={150}
          data={ROLES}
          value={role ?? null}
          onChange={(value) => set({ role: ROLES.find((each) => each === value) })}
        />
        <Select
          aria-label="State"
          placeholder="Any state"
          clearable
          w={170}
          data={USER_STATES.map((value) => ({ value, label: STATE_LOOK[value].word }))}
          value={state ?? null}
          onChange={(value) => set({ state: USER_STATES.find((each) => each === value) })}
        />
        <Select
          aria-label="Group"
          placeholder="Any group"
          clearable
          searchable
          w={180}
          data={groups}
          value={group ?? null}
          onChange={(value) => set({ group: value ?? undefined })}
        />
      </Group>
      <Section title="Everybody" flush>
        <Loaded query={users}>
          {(all) => {
            const rows = rowsOf(all, devices.data ?? [], sessions.data ?? []);
            const found = rows.filter(
              (row) =>
                holdsWords(q, row.name, row.email) &&
                (role === undefined || row.role === role) &&
                (state === undefined || row.state === state) &&
                (group === undefined || row.groups.includes(group)),
            );
            return (
              <DataTable
                label="People"
                rows={found}
                columns={COLUMNS}
                rowKey={({ id }) => id}
                {...sorting({ id: 'name' })}
                empty={
                  <Empty icon={IconUsers} title={isFiltered ? 'Nobody fits' : 'Nobody is here yet'}>
                    {isFiltered
                      ? 'Take a filter away, or search for a part of the name.'
                      : 'Invite the first person: they get a link, and a line to install.'}
                  </Empty>
                }
              />
            );
          }}
        </Loaded>
      </Section>
    </>
  );
}
