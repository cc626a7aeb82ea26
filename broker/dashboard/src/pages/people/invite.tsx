// A new person: what they may, and then the link with which they come in, which is shown once.
import { Modal, Select, Stack, TagsInput, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { UserNameSchema } from 'mcpgate-shared/api/fields';
import { groupsApi } from 'mcpgate-shared/api/groups';
import type { Role } from 'mcpgate-shared/api/roles';
import { usersApi, type UserLink } from 'mcpgate-shared/api/users';
import { useState } from 'react';
import { useChange } from '../../api/use-api.ts';
import { useWhole } from '../../api/use-whole.ts';
import { ProblemAlert } from '../../parts/problem-view.tsx';
import { toastDone } from '../../parts/toast.tsx';
import { Invitation } from './invitation.tsx';
import { PEOPLE_READ } from './people-read.ts';
import { ROLE_CHOICES } from './role-words.ts';
import { FormEnd } from '../../parts/forms/form-end.tsx';

export function Invite({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const [link, setLink] = useState<UserLink>();
  const close = (): void => {
    onClose();
    setLink(undefined);
  };
  return (
    <Modal
      opened={opened}
      onClose={close}
      title={link === undefined ? 'Invite somebody' : `${link.user} is invited`}
      size="lg"
      closeOnClickOutside={link === undefined}
    >
      {link === undefined ? <Form onLink={setLink} onClose={close} /> : <Invitation link={link} onClose={close} />}
    </Modal>
  );
}

const emailMistake = (text: string): string | null =>
  text === '' || /^[^@\s]+@[^@\s]+\.[^@\s]+$/.test(text) ? null : 'Write an address, as ada@example.com';

interface NewPerson {
  name: string;
  email: string;
  role: Role;
  groups: string[];
}

function Form({ onLink, onClose }: { onLink: (link: UserLink) => void; onClose: () => void }) {
  const groups = useWhole(groupsApi.list, {});
  const link = useChange(usersApi.link, { onDone: onLink });
  const add = useChange(usersApi.add, {
    changes: PEOPLE_READ,
    onDone: ({ name }) => {
      toastDone({ message: `${name} was added.`, subject: `user:${name}` });
      link.mutate({ params: { name } });
    },
  });
  const form = useForm<NewPerson>({
    initialValues: { name: '', email: '', role: 'member', groups: [] },
    validate: {
      name: (value) => UserNameSchema.safeParse(value).error?.issues[0]?.message ?? null,
      email: emailMistake,
    },
  });
  const added = add.data?.name;
  return (
    <form
      onSubmit={form.onSubmit(({ name, email, role, groups: chosen }) => {
        // The person may be there already, because only the link has failed.
        if (added === name) link.mutate({ params: { name } });
        else add.mutate({ body: { name, role, groups: chosen, ...(email !== '' && { email }) } });
      })}
    >
      <Stack gap="md">
        <TextInput
          label="Name"
          description="With which they sign in, and under which the log shows them: it stays"
          placeholder="ada.lovelace"
          data-autofocus
          autoComplete="off"
          spellCheck={false}
          {...form.getInputProps('name')}
        />
        <TextInput
          label="E-mail"
          description="By which a company’s identity provider knows them; may be left out"
          placeholder="ada@example.com"
          autoComplete="off"
          {...form.getInputProps('email')}
        />
        <Select label="Role" data={ROLE_CHOICES} allowDeselect={false} {...form.getInputProps('role')} />
        <TagsInput
          label="Groups"
          description="Whose rules hold for them. A new name makes a new group"
          data={groups.data?.map(({ name }) => name) ?? []}
          {...form.getInputProps('groups')}
        />
        <ProblemAlert problem={add.error ?? link.error} />
        <FormEnd
          action={added === undefined ? 'Add and make the link' : 'Make the link'}
          onClose={onClose}
          isPending={add.isPending || link.isPending}
        />
      </Stack>
    </form>
  );
}
