import { Modal, MultiSelect, Stack, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { GroupNameSchema } from 'mcpgate-shared/api/fields';
import { groupsApi } from 'mcpgate-shared/api/groups';
import { usersApi } from 'mcpgate-shared/api/users';
import { useChange } from '../../../api/use-api.ts';
import { useWhole } from '../../../api/use-whole.ts';
import { ProblemAlert } from '../../../parts/problem-view.tsx';
import { toastDone } from '../../../parts/toast.tsx';
import { PEOPLE_READ } from '../people-read.ts';
import { FormEnd } from '../../../parts/forms/form-end.tsx';

/** A new group with its first people. */
export function AddGroup(props: { opened: boolean; onClose: () => void; onAdded: (name: string) => void }) {
  return (
    <Modal opened={props.opened} onClose={props.onClose} title="Add a group">
      <Form {...props} />
    </Modal>
  );
}

function Form({ onClose, onAdded }: { onClose: () => void; onAdded: (name: string) => void }) {
  const people = useWhole(usersApi.list, {});
  const add = useChange(groupsApi.add, {
    changes: PEOPLE_READ,
    onDone: ({ name }) => {
      toastDone({ message: `The group ${name} was added.`, subject: `group:${name}` });
      onAdded(name);
    },
  });
  const form = useForm({
    initialValues: { name: '', users: [] as string[] },
    validate: { name: (value) => GroupNameSchema.safeParse(value).error?.issues[0]?.message ?? null },
  });
  return (
    <form onSubmit={form.onSubmit((body) => add.mutate({ body }))}>
      <Stack gap="md">
        <TextInput
          label="Name"
          description="As rules name it: group:NAME"
          placeholder="engineering"
          data-autofocus
          autoComplete="off"
          {...form.getInputProps('name')}
        />
        <MultiSelect
          label="People"
          searchable
          data={people.data?.map(({ name }) => name) ?? []}
          {...form.getInputProps('users')}
        />
        <ProblemAlert problem={add.error} />
        <FormEnd action="Add the group" onClose={onClose} isPending={add.isPending} />
      </Stack>
    </form>
  );
}
