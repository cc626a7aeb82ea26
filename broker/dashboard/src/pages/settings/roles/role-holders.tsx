// The people who administer something, and the change of a person's role.
import { Button, Group, Text } from '@mantine/core';
import { IconUserShield } from '@tabler/icons-react';
import { ROLES, may as mayRole, type Role } from 'mcpgate-shared/api/roles';
import { usersApi, type User } from 'mcpgate-shared/api/users';
import { useState } from 'react';
import { useWhole } from '../../../api/use-whole.ts';
import { DataTable, type Column } from '../../../parts/data-table.tsx';
import { Empty } from '../../../parts/empty.tsx';
import { countText } from '../../../parts/figures.ts';
import { Loaded } from '../../../parts/loaded.tsx';
import { AnchorLink } from '../../../parts/links.tsx';
import { Section } from '../../../parts/page.tsx';
import { StatusBadge } from '../../../parts/status-badge.tsx';
import { ChangeRole } from './change-role.tsx';

/** Whoever may do no more than any member administers nothing. */
const administers = ({ role }: { role: Role }): boolean =>
  ROLES.some((other) => mayRole(role, other) && !mayRole('member', other));

const columnsOf = (change: (user: User) => void): readonly Column<User>[] => [
  {
    id: 'name',
    header: 'Person',
    width: 'minmax(140px, 1.6fr)',
    sortBy: ({ name }) => name,
    cell: ({ name, disabled }) => (
      <Group gap={8}>
        <AnchorLink to="/people/$name" params={{ name }} fw={600} size="sm">
          {name}
        </AnchorLink>
        {disabled && <StatusBadge tone="quiet">off-boarded</StatusBadge>}
      </Group>
    ),
  },
  {
    id: 'role',
    header: 'Role',
    width: '72px',
    sortBy: ({ role }) => ROLES.indexOf(role),
    cell: ({ role }) => role,
  },
  {
    id: 'from',
    header: 'Managed',
    width: 'minmax(120px, 1fr)',
    from: 560,
    cell: ({ managed_by: managedBy }) => (
      <Text size="sm" c="dimmed">
        {managedBy === null ? 'by hand' : `by ${managedBy}`}
      </Text>
    ),
  },
  {
    id: 'change',
    header: 'Change',
    hiddenHeader: true,
    width: '76px',
    align: 'right',
    cell: (user) => (
      <Button
        size="compact-sm"
        variant="subtle"
        onClick={() => change(user)}
        aria-label={`Change the role of ${user.name}`}
      >
        Change
      </Button>
    ),
  },
];

export function RoleHolders() {
  const users = useWhole(usersApi.list, {});
  const [isOpen, setOpen] = useState(false);
  const [changed, setChanged] = useState<User>();
  const open = (user: User | undefined): void => {
    setChanged(user);
    setOpen(true);
  };
  return (
    <Section
      title="People"
      lead={
        users.data === undefined
          ? undefined
          : `${countText(users.data.filter((user) => !administers(user)).length, 'other person is a member', 'other people are members')}: they use what rules allow.`
      }
      actions={
        <Button size="sm" onClick={() => open(undefined)}>
          Give a role
        </Button>
      }
      flush
    >
      <Loaded query={users}>
        {(people) => (
          <>
            <DataTable
              label="People with a role"
              rows={people.filter(administers)}
              columns={columnsOf(open)}
              rowKey={({ name }) => name}
              sort={{ id: 'role' }}
              empty={<Empty icon={IconUserShield} title="Everybody is a member" />}
            />
            <ChangeRole people={people} user={changed} opened={isOpen} onClose={() => setOpen(false)} />
          </>
        )}
      </Loaded>
    </Section>
  );
}
