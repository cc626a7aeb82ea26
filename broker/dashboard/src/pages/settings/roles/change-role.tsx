// The change of a person's role: what they gain and lose is said before, and the last administrator stays one.
import { List, Modal, Radio, Select, Stack, Text } from '@mantine/core';
import { may, ROLES, type Role } from 'mcpgate-shared/api/roles';
import { usersApi, type User } from 'mcpgate-shared/api/users';
import { useState } from 'react';
import { useSession } from '../../../api/session.tsx';
import { useChange } from '../../../api/use-api.ts';
import { ProblemAlert } from '../../../parts/problem-view.tsx';
import { toastDone } from '../../../parts/toast.tsx';
import { PEOPLE_READ } from '../../people/people-read.ts';
import { asRole, ROLE_MEANING } from '../../people/role-words.ts';
import { FormEnd } from '../../../parts/forms/form-end.tsx';
import { RoleManaged } from '../../people/role-managed.tsx';

export function ChangeRole(props: {
  people: readonly User[];
  /** Undefined: the person is chosen first. */
  user: User | undefined;
  opened: boolean;
  onClose: () => void;
}) {
  const { people, user, opened, onClose } = props;
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={user === undefined ? 'Give somebody a role' : `Role of ${user.name}`}
      size="lg"
    >
      <Form key={`${user?.name} ${user?.role} ${opened}`} people={people} user={user} onClose={onClose} />
    </Modal>
  );
}

function Form({ people, user, onClose }: { people: readonly User[]; user: User | undefined; onClose: () => void }) {
  const { user: self } = useSession();
  const [name, setName] = useState(user?.name ?? null);
  const person = user ?? people.find((each) => each.name === name);
  const [chosen, setChosen] = useState<Role>();
  const change = useChange(usersApi.setRole, { changes: PEOPLE_READ });
  const role = chosen ?? person?.role;
  const isOther = person !== undefined && role !== undefined && role !== person.role;
  const admins = people.filter((each) => may(each.role, 'administer') && !each.disabled);
  const isLast = person !== undefined && admins.length === 1 && admins[0]?.name === person.name;
  const save = async (): Promise<void> => {
    if (!isOther) return;
    await change.mutateAsync({ params: { name: person.name }, body: { role } });
    toastDone({ message: `${person.name} is ${role} from now on.`, subject: `user:${person.name}` });
    onClose();
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        // What goes wrong is shown from the change itself.
        save().catch(() => undefined);
      }}
    >
      <Stack gap="md">
        {user === undefined && (
          <Select
            label="Person"
            data={people.filter(({ disabled }) => !disabled).map((each) => each.name)}
            value={name}
            searchable
            data-autofocus
            // What a role may do stands below, and is to be seen first.
            openOnFocus={false}
            onChange={(value) => {
              setName(value);
              setChosen(undefined);
            }}
          />
        )}
        {person !== undefined && <RoleManaged managedBy={person.managed_by} />}
        <Radio.Group label="Role" value={role ?? ''} onChange={(value) => setChosen(asRole(value))}>
          <Stack gap="sm" mt="xs">
            {ROLES.map((each) => (
              <Radio
                key={each}
                value={each}
                label={each}
                description={ROLE_MEANING[each]}
                disabled={person === undefined || (isLast && !may(each, 'administer'))}
              />
            ))}
          </Stack>
        </Radio.Group>
        {isLast && (
          <Text size="sm" c="dimmed">
            {person.name} is the only administrator here. Give that role to somebody else first.
          </Text>
        )}
        {isOther && (
          <List size="sm" spacing={4}>
            <List.Item>
              It holds at once, in open pages and links, too, and the log says that you have done it.
            </List.Item>
            {may(role, 'admin') && <List.Item>An administrator can do everything, this too.</List.Item>}
            {person.name === self.name && !may(role, 'admin') && (
              <List.Item>You lose these settings with it. Another administrator can give it back.</List.Item>
            )}
          </List>
        )}
        <ProblemAlert problem={change.error} />
        <FormEnd
          action="Change the role"
          onClose={onClose}
          leave="Keep it as it is"
          disabled={!isOther}
          isPending={change.isPending}
        />
      </Stack>
    </form>
  );
}
