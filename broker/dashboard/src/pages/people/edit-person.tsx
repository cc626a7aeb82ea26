import { Modal, Select, Stack, TagsInput } from '@mantine/core';
import { groupsApi } from 'mcpgate-shared/api/groups';
import { usersApi, type User } from 'mcpgate-shared/api/users';
import { useState } from 'react';
import { useChange } from '../../api/use-api.ts';
import { useWhole } from '../../api/use-whole.ts';
import { ProblemAlert } from '../../parts/problem-view.tsx';
import { toastDone } from '../../parts/toast.tsx';
import { PEOPLE_READ } from './people-read.ts';
import { asRole, ROLE_CHOICES } from './role-words.ts';
import { FormEnd } from '../../parts/forms/form-end.tsx';
import { RoleManaged } from './role-managed.tsx';

/** The role and the groups of a person. */
export function EditPerson({ user, opened, onClose }: { user: User; opened: boolean; onClose: () => void }) {
  return (
    <Modal opened={opened} onClose={onClose} title={`Role and groups of ${user.name}`}>
      <Form key={user.role + user.groups.join(' ')} user={user} onClose={onClose} />
    </Modal>
  );
}

function Form({ user, onClose }: { user: User; onClose: () => void }) {
  const { name } = user;
  const [role, setRole] = useState(user.role);
  const [chosen, setChosen] = useState<string[]>([...user.groups]);
  const groups = useWhole(groupsApi.list, {});
  const changeRole = useChange(usersApi.setRole, { changes: PEOPLE_READ });
  const changeGroups = useChange(usersApi.setGroups, { changes: PEOPLE_READ });
  const hasOtherGroups = chosen.toSorted().join(' ') !== user.groups.toSorted().join(' ');
  const save = async (): Promise<void> => {
    if (hasOtherGroups) await changeGroups.mutateAsync({ params: { name }, body: { groups: chosen } });
    if (role !== user.role) await changeRole.mutateAsync({ params: { name }, body: { role } });
    if (hasOtherGroups || role !== user.role)
      toastDone({ message: `${name} was changed: it holds from now on.`, subject: `user:${name}` });
    onClose();
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        // What goes wrong is shown from the changes themselves.
        save().catch(() => undefined);
      }}
    >
      <Stack gap="md">
        <RoleManaged managedBy={user.managed_by} />
        <Select
          label="Role"
          data={ROLE_CHOICES}
          value={role}
          allowDeselect={false}
          onChange={(value) => setRole(asRole(value) ?? role)}
        />
        <TagsInput
          label="Groups"
          description="Whose rules hold for them. A new name makes a new group"
          data={groups.data?.map((group) => group.name) ?? []}
          value={chosen}
          onChange={setChosen}
        />
        <ProblemAlert problem={changeGroups.error ?? changeRole.error} />
        <FormEnd action="Save" onClose={onClose} isPending={changeGroups.isPending || changeRole.isPending} />
      </Stack>
    </form>
  );
}
