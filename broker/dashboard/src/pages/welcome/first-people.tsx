// Invites somebody: an account, and the link by which they set a password.
import { Button, Group, Select, Stack, Text, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { ROLES } from 'mcpgate-shared/api/roles';
import { statusApi } from 'mcpgate-shared/api/status';
import { usersApi } from 'mcpgate-shared/api/users';
import { useState } from 'react';
import { useSession } from '../../api/session.tsx';
import { useChange } from '../../api/use-api.ts';
import { CopyLine } from '../../parts/copy-line.tsx';
import { ProblemAlert } from '../../parts/problem-view.tsx';
import { Moment } from '../../parts/time.tsx';

export function FirstPeople() {
  const { broker } = useSession();
  const [name, setName] = useState('');
  const [role, setRole] = useState<(typeof ROLES)[number]>('member');
  const [group, setGroup] = useState('');
  const addUser = useChange(usersApi.add, { changes: [usersApi.list, statusApi.status] });
  const link = useChange(usersApi.link);
  const invite = useMutation({
    async mutationFn() {
      const groups = group.trim() === '' ? [] : [group.trim()];
      const user = await addUser.mutateAsync({ body: { name: name.trim(), role, groups } });
      return await link.mutateAsync({ params: { name: user.name } });
    },
    onSuccess: () => setName(''),
  });
  return (
    <Stack gap="md">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          invite.mutate();
        }}
      >
        <Stack gap="md">
          <Group grow align="flex-start" preventGrowOverflow={false}>
            <TextInput
              label="Login name"
              placeholder="ada.lovelace"
              value={name}
              onChange={({ currentTarget: { value } }) => setName(value)}
              autoComplete="off"
              required
            />
            <TextInput
              label="Group"
              placeholder="engineering"
              value={group}
              onChange={({ currentTarget: { value } }) => setGroup(value)}
              autoComplete="off"
            />
            <Select
              label="Role"
              data={[...ROLES]}
              value={role}
              onChange={(value) => setRole(ROLES.find((each) => each === value) ?? 'member')}
              allowDeselect={false}
            />
          </Group>
          <ProblemAlert problem={addUser.error ?? link.error} />
          <Group justify="flex-end">
            <Button type="submit" loading={invite.isPending} disabled={name.trim() === ''}>
              Invite them
            </Button>
          </Group>
        </Stack>
      </form>
      {invite.data !== undefined && (
        <Stack gap="xs" role="status" aria-label="The invitation">
          <Text size="sm">
            Send {invite.data.user} this link. It is good once, until <Moment at={invite.data.expires_at} />:
          </Text>
          <CopyLine text={invite.data.url} label="the link" />
          <Text size="sm">Then, on their laptop:</Text>
          <CopyLine text={`mcpgate login ${broker.url}`} />
          <CopyLine text="mcpgate install-clients" />
        </Stack>
      )}
    </Stack>
  );
}
