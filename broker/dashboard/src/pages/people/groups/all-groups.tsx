// All groups; one opens beside the table, with its people and who of them is on call.
import { Button, Group, Text } from '@mantine/core';
import { IconPlus, IconUsersGroup } from '@tabler/icons-react';
import { groupsApi, type Group as PeopleGroup } from 'mcpgate-shared/api/groups';
import { useState } from 'react';
import { useSession } from '../../../api/session.tsx';
import { useWhole } from '../../../api/use-whole.ts';
import { DataTable, type Column } from '../../../parts/data-table.tsx';
import { Empty } from '../../../parts/empty.tsx';
import { AnchorLink, PathLink } from '../../../parts/links.tsx';
import { Loaded } from '../../../parts/loaded.tsx';
import { Section } from '../../../parts/page.tsx';
import { AddGroup } from './add-group.tsx';
import { GroupDrawer } from './group-drawer.tsx';
import { holdsWords, SearchField, usePeopleSearch } from '../people-search.tsx';

const COLUMNS: readonly Column<PeopleGroup>[] = [
  {
    id: 'name',
    header: 'Group',
    width: 'minmax(140px, 1.2fr)',
    sortBy: ({ name }) => name,
    cell: ({ name, managed_by: managedBy }) => (
      <>
        <AnchorLink
          from="/people"
          to="/people"
          search={(before) => ({ ...before, tab: 'groups' as const, group: name })}
          fw={600}
          size="sm"
        >
          {name}
        </AnchorLink>
        {managedBy !== null && (
          <Text size="xs" c="dimmed" truncate title={managedBy}>
            from {managedBy}
          </Text>
        )}
      </>
    ),
  },
  {
    id: 'members',
    header: 'People',
    width: '90px',
    align: 'right',
    sortBy: ({ members }) => members.length,
    cell: ({ members }) => members.length,
  },
  {
    id: 'who',
    header: 'Who',
    width: 'minmax(160px, 2fr)',
    from: 620,
    cell: ({ members }) => (
      <Text size="sm" c="dimmed" truncate title={members.join(', ')}>
        {members.length === 0 ? 'nobody' : members.join(', ')}
      </Text>
    ),
  },
  {
    id: 'call',
    header: 'On call',
    width: 'minmax(120px, 1fr)',
    from: 480,
    sortBy: ({ on_call: onCall }) => onCall.map(({ user }) => user).join(' '),
    cell: ({ on_call: onCall }) => (
      <Text size="sm" truncate>
        {onCall.length === 0 ? '–' : onCall.map(({ user }) => user).join(', ')}
      </Text>
    ),
  },
  {
    id: 'bundle',
    header: 'Default bundle',
    width: '150px',
    from: 860,
    sortBy: ({ bundle }) => bundle,
    cell: ({ bundle }) => (bundle === null ? '–' : <PathLink path="/access?tab=bundles">{bundle}</PathLink>),
  },
];

export function AllGroups() {
  const groups = useWhole(groupsApi.list, {});
  const isAdmin = useSession().may('admin');
  const { search, set, sorting } = usePeopleSearch();
  const [isAdding, setAdding] = useState(false);
  const opened = groups.data?.find(({ name }) => name === search.group);
  return (
    <>
      <Group justify="space-between" gap="md">
        <SearchField placeholder="Search by group or person" />
        {isAdmin && (
          <Button variant="default" leftSection={<IconPlus size={18} aria-hidden />} onClick={() => setAdding(true)}>
            Add a group
          </Button>
        )}
      </Group>
      <Section title="Groups" flush>
        <Loaded query={groups}>
          {(all) => (
            <DataTable
              label="Groups"
              rows={all.filter(({ name, members }) => holdsWords(search.q, name, ...members))}
              columns={COLUMNS}
              rowKey={({ name }) => name}
              isActive={({ name }) => name === search.group}
              {...sorting({ id: 'name' })}
              empty={
                <Empty icon={IconUsersGroup} title={search.q === undefined ? 'No group yet' : 'No group fits'}>
                  {search.q === undefined
                    ? 'Groups come from here, from the identity provider, or from a configuration.'
                    : 'Search for a part of its name, or for somebody in it.'}
                </Empty>
              }
            />
          )}
        </Loaded>
      </Section>
      <GroupDrawer group={opened} onClose={() => set({ group: undefined })} />
      <AddGroup
        opened={isAdding}
        onClose={() => setAdding(false)}
        onAdded={(name) => {
          setAdding(false);
          set({ group: name });
        }}
      />
    </>
  );
}
