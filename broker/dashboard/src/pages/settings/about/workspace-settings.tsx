// All workspaces: who administers each, a new one, and the way into each.
import { Button, Group, Modal, Stack, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { IconBuilding } from '@tabler/icons-react';
import { useNavigate } from '@tanstack/react-router';
import { WorkspaceNameSchema } from 'mcpgate-shared/api/fields';
import { sessionApi } from 'mcpgate-shared/api/session';
import { workspacesApi, type Workspace } from 'mcpgate-shared/api/workspaces';
import { useState } from 'react';
import { useSession } from '../../../api/session.tsx';
import { useChange } from '../../../api/use-api.ts';
import { useWhole } from '../../../api/use-whole.ts';
import { EndButton } from '../../../parts/confirm.tsx';
import { DataTable, type Column } from '../../../parts/data-table.tsx';
import { Empty } from '../../../parts/empty.tsx';
import { Loaded } from '../../../parts/loaded.tsx';
import { Section } from '../../../parts/page.tsx';
import { ProblemAlert } from '../../../parts/problem-view.tsx';
import { StatusBadge } from '../../../parts/status-badge.tsx';
import { Ago } from '../../../parts/time.tsx';
import { toastDone } from '../../../parts/toast.tsx';
import { FormEnd } from '../../../parts/forms/form-end.tsx';

export function WorkspaceSettings() {
  const workspaces = useWhole(workspacesApi.list, {});
  const [isAdding, setAdding] = useState(false);
  return (
    <Section
      title="All workspaces"
      lead="Administrators of the first one see to all of them, and enter each at the top left."
      actions={
        <Button size="sm" onClick={() => setAdding(true)}>
          Make a workspace
        </Button>
      }
      flush
    >
      <Loaded query={workspaces}>
        {(all) => (
          <DataTable
            label="Workspaces"
            rows={all}
            columns={COLUMNS}
            rowKey={({ name }) => name}
            empty={<Empty icon={IconBuilding} title="There is no workspace" />}
          />
        )}
      </Loaded>
      <Modal opened={isAdding} onClose={() => setAdding(false)} title="Make a workspace">
        {isAdding && <Add onClose={() => setAdding(false)} />}
      </Modal>
    </Section>
  );
}

const COLUMNS: readonly Column<Workspace>[] = [
  {
    id: 'name',
    header: 'Workspace',
    width: 'minmax(110px, 1fr)',
    sortBy: ({ name }) => name,
    cell: (workspace) => <Name workspace={workspace} />,
  },
  {
    id: 'admins',
    header: 'Administrators',
    width: 'minmax(120px, 2fr)',
    from: 460,
    cell: ({ administrators }) =>
      administrators.length === 0 ? (
        <Text size="sm" c="dimmed">
          none of its own
        </Text>
      ) : (
        administrators.join(', ')
      ),
  },
  { id: 'made', header: 'Made', width: '120px', from: 620, cell: ({ created_at: at }) => <Ago at={at} /> },
  {
    id: 'actions',
    header: 'Actions',
    hiddenHeader: true,
    width: '150px',
    align: 'right',
    cell: (workspace) => <Actions workspace={workspace} />,
  },
];

function Name({ workspace: { name } }: { workspace: Workspace }) {
  const { shown } = useSession();
  return (
    <Group gap={8}>
      <Text size="sm" fw={600}>
        {name}
      </Text>
      {name === shown && <StatusBadge tone="info">shown</StatusBadge>}
    </Group>
  );
}

function Actions({ workspace: { name } }: { workspace: Workspace }) {
  const { shown, workspace: own } = useSession();
  const navigate = useNavigate();
  const remove = useChange(workspacesApi.remove, { changes: [workspacesApi.list, sessionApi.show] });
  return (
    <Group gap={0} wrap="nowrap" justify="flex-end">
      {name !== shown && (
        <Button
          size="compact-sm"
          variant="subtle"
          aria-label={`Enter the workspace ${name}`}
          onClick={() => void navigate({ to: '/', search: { workspace: name === own.name ? undefined : name } })}
        >
          Enter
        </Button>
      )}
      {name !== shown && name !== own.name && (
        <EndButton
          label={`Remove the workspace ${name}`}
          question={{
            title: `Remove the workspace ${name}?`,
            consequences: [
              'It must hold no people, servers, secrets or tokens any more; the broker refuses it otherwise.',
              'Its log stays.',
            ],
            action: 'Remove the workspace',
            typed: name,
            async run() {
              await remove.mutateAsync({ params: { name } });
              toastDone({ message: `The workspace ${name} was removed.`, subject: `workspace:${name}` });
            },
          }}
        >
          Remove
        </EndButton>
      )}
    </Group>
  );
}

function Add({ onClose }: { onClose: () => void }) {
  const add = useChange(workspacesApi.add, {
    changes: [workspacesApi.list, sessionApi.show],
    onDone({ name }) {
      toastDone({ message: `The workspace ${name} was made. Enter it to set it up.`, subject: `workspace:${name}` });
      onClose();
    },
  });
  const form = useForm({
    initialValues: { name: '' },
    validate: { name: (value) => WorkspaceNameSchema.safeParse(value).error?.issues[0]?.message ?? null },
  });
  return (
    <form onSubmit={form.onSubmit(({ name }) => add.mutate({ body: { name } }))}>
      <Stack gap="md">
        <Text size="sm">
          Nobody is in it and nothing is allowed in it yet. You enter it with the rights that you have here.
        </Text>
        <TextInput
          label="Name"
          description="a to z, 0 to 9 and -"
          placeholder="team-b"
          data-autofocus
          autoComplete="off"
          {...form.getInputProps('name')}
        />
        <ProblemAlert problem={add.error} />
        <FormEnd action="Make the workspace" onClose={onClose} isPending={add.isPending} />
      </Stack>
    </form>
  );
}
