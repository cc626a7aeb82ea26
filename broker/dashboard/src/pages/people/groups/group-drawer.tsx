// One group: its people, who of them is on call, and its end.
import { ActionIcon, Button, Drawer, Group, MultiSelect, Stack, Text, TextInput, Title } from '@mantine/core';
import { IconTrash, IconUserMinus } from '@tabler/icons-react';
import { groupsApi, type Group as PeopleGroup } from 'mcpgate-shared/api/groups';
import { usersApi } from 'mcpgate-shared/api/users';
import { useState } from 'react';
import { useSession } from '../../../api/session.tsx';
import { useChange } from '../../../api/use-api.ts';
import { useWhole } from '../../../api/use-whole.ts';
import { useConfirm } from '../../../parts/confirm.tsx';
import { Facts } from '../../../parts/facts.tsx';
import { AnchorLink } from '../../../parts/links.tsx';
import { isoOfLocalText, toLocalText } from '../../../parts/local-time.ts';
import { ProblemAlert } from '../../../parts/problem-view.tsx';
import { Ago } from '../../../parts/time.tsx';
import { toastDone } from '../../../parts/toast.tsx';
import { PEOPLE_READ } from '../people-read.ts';

export function GroupDrawer({ group, onClose }: { group: PeopleGroup | undefined; onClose: () => void }) {
  return (
    <Drawer opened={group !== undefined} onClose={onClose} title={group === undefined ? '' : `Group ${group.name}`}>
      {group !== undefined && <Opened key={group.name} group={group} onClose={onClose} />}
    </Drawer>
  );
}

function Opened({ group, onClose }: { group: PeopleGroup; onClose: () => void }) {
  const { name, members, on_call: onCall, bundle, managed_by: managedBy } = group;
  const until = onCall[0]?.until ?? null;
  const isAdmin = useSession().may('admin');
  const confirm = useConfirm();
  const remove = useChange(groupsApi.remove, { changes: PEOPLE_READ });
  const take = useChange(groupsApi.take, { changes: PEOPLE_READ });
  return (
    <Stack gap="lg">
      <Facts
        facts={[
          ['Default bundle', bundle ?? 'none'],
          ['On call', onCall.length === 0 ? 'nobody' : onCall.map(({ user }) => user).join(', ')],
          until === null ? undefined : ['On call until', <Ago key="until" at={until} />],
          managedBy === null ? undefined : ['Kept by', `${managedBy}: the next apply makes it what that says`],
        ]}
      />
      <Stack gap="xs">
        <Title order={3} fz="md">
          {members.length === 1 ? '1 person' : `${members.length} people`}
        </Title>
        {members.map((user) => (
          <Group key={user} justify="space-between" wrap="nowrap">
            <AnchorLink to="/people/$name" params={{ name: user }} size="sm" truncate>
              {user}
            </AnchorLink>
            {isAdmin && (
              <ActionIcon
                variant="subtle"
                color="gray"
                aria-label={`Take ${user} out of ${name}`}
                onClick={() =>
                  confirm({
                    title: `Take ${user} out of ${name}?`,
                    consequences: [
                      `What the rules allow ${name} is not allowed to ${user} any more, from the next call on.`,
                      'They stay connected, and keep what other rules allow.',
                    ],
                    action: 'Take them out',
                    run: async () => {
                      await take.mutateAsync({ params: { name }, body: { users: [user] } });
                      toastDone({ message: `${user} is not in ${name} any more.`, subject: `group:${name}` });
                    },
                  })
                }
              >
                <IconUserMinus size={18} aria-hidden />
              </ActionIcon>
            )}
          </Group>
        ))}
        {members.length === 0 && (
          <Text size="sm" c="dimmed">
            Nobody is in it.
          </Text>
        )}
        {isAdmin && <AddMembers group={group} />}
      </Stack>
      {isAdmin && <OnCall key={JSON.stringify(onCall)} group={group} />}
      {isAdmin && (
        <div>
          <Button
            variant="subtle"
            color="red"
            leftSection={<IconTrash size={18} aria-hidden />}
            onClick={() =>
              confirm({
                title: `Remove the group ${name}?`,
                consequences: [
                  `${members.length === 1 ? 'Its one person stays' : `Its ${members.length} people stay`} here, without it.`,
                  `Rules that name group:${name} match nobody until it is there again.`,
                ],
                action: 'Remove the group',
                destroys: true,
                run: async () => {
                  await remove.mutateAsync({ params: { name } });
                  onClose();
                  toastDone({ message: `The group ${name} was removed.`, subject: `group:${name}` });
                },
              })
            }
          >
            Remove the group
          </Button>
        </div>
      )}
    </Stack>
  );
}

function AddMembers({ group: { name, members } }: { group: PeopleGroup }) {
  const people = useWhole(usersApi.list, {});
  const [users, setUsers] = useState<string[]>([]);
  const add = useChange(groupsApi.add, {
    changes: PEOPLE_READ,
    onDone: () => {
      toastDone({ message: `${users.join(', ')} came into ${name}.`, subject: `group:${name}` });
      setUsers([]);
    },
  });
  return (
    <Stack gap="xs">
      <Group align="flex-end" wrap="nowrap">
        <MultiSelect
          flex={1}
          label="Add people"
          searchable
          data={people.data?.map((user) => user.name).filter((user) => !members.includes(user)) ?? []}
          value={users}
          onChange={setUsers}
        />
        <Button
          variant="default"
          disabled={users.length === 0}
          loading={add.isPending}
          onClick={() => add.mutate({ body: { name, users } })}
        >
          Add them
        </Button>
      </Group>
      <ProblemAlert problem={add.error} />
    </Stack>
  );
}

function OnCall({ group: { name, members, on_call: onCall } }: { group: PeopleGroup }) {
  const [users, setUsers] = useState(onCall.map(({ user }) => user));
  const [until, setUntil] = useState(() => toLocalText(onCall[0]?.until ?? null));
  const [isOver, setOver] = useState(false);
  const save = useChange(groupsApi.setOnCall, {
    changes: PEOPLE_READ,
    onDone: () => toastDone({ message: `It is said who is on call for ${name}.`, subject: `group:${name}` }),
  });
  const end = users.length === 0 ? undefined : isoOfLocalText(until);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        const isPast = end !== undefined && Date.parse(end) <= Date.now();
        setOver(isPast);
        if (!isPast) save.mutate({ params: { name }, body: { users, ...(end !== undefined && { until: end }) } });
      }}
    >
      <Stack gap="sm">
        <MultiSelect
          label="On call"
          description={`Who decides what a rule with the approver on-call:${name} asks`}
          data={members}
          value={users}
          onChange={setUsers}
        />
        <TextInput
          type="datetime-local"
          label="Until"
          description="Your local time. Left empty: until somebody else is."
          value={until}
          disabled={users.length === 0}
          error={isOver && 'This time is over'}
          onChange={({ currentTarget: { value } }) => {
            setUntil(value);
            setOver(false);
          }}
        />
        <ProblemAlert problem={save.error} />
        <Group justify="flex-end">
          <Button type="submit" variant="default" disabled={isOver} loading={save.isPending}>
            Save who is on call
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
