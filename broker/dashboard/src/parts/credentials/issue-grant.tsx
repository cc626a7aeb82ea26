// A new grant: for what, for whom, for how long; its token is shown once.
import { Button, Group, Modal, MultiSelect, Select, Stack, TagsInput, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { LabelSchema } from 'mcpgate-shared/api/fields';
import { grantsApi, type IssuedGrant } from 'mcpgate-shared/api/grants';
import { meApi } from 'mcpgate-shared/api/me/me-api';
import { serversApi } from 'mcpgate-shared/api/servers';
import { usersApi } from 'mcpgate-shared/api/users';
import { useState } from 'react';
import { GRANT_LIFETIMES, USUAL_GRANT_LIFETIME } from './grant-lifetimes.ts';
import { useApi, useChange } from '../../api/use-api.ts';
import { useWhole } from '../../api/use-whole.ts';
import { CopyLine } from '../copy-line.tsx';
import { ProblemAlert } from '../problem-view.tsx';
import { useSession } from '../../api/session.tsx';
import { FormEnd } from '../forms/form-end.tsx';
import { ShownOnce } from './shown-once.tsx';

export interface IssueGrantProps {
  opened: boolean;
  onClose: () => void;
  /** For this person; left out: it is chosen, or nobody's. */
  user?: string;
}

export function IssueGrant({ opened, onClose, user }: IssueGrantProps) {
  const [issued, setIssued] = useState<IssuedGrant>();
  const close = (): void => {
    onClose();
    setIssued(undefined);
  };
  return (
    <Modal
      opened={opened}
      onClose={close}
      title={issued === undefined ? 'Issue a grant' : `The grant ${issued.label}`}
      size="lg"
      // A click beside it does not lose the token.
      closeOnClickOutside={issued === undefined}
    >
      {issued === undefined ? (
        <Form user={user} onIssued={setIssued} onClose={close} />
      ) : (
        <Token issued={issued} onClose={close} />
      )}
    </Modal>
  );
}

interface NewGrant {
  label: string;
  servers: string[];
  user: string | null;
  lifetime: string | null;
  allowFrom: string[];
}

interface FormProps extends Pick<IssueGrantProps, 'onClose'> {
  user: string | undefined;
  onIssued: (issued: IssuedGrant) => void;
}

function Form({ user, onIssued, onClose }: FormProps) {
  // One's own is good for nothing at servers of which one may use nothing.
  const isOwn = useSession().user.name === user;
  const all = useApi(serversApi.list, {}, { enabled: !isOwn });
  const own = useApi(meApi.tools, {}, { enabled: isOwn });
  const ownServers = new Set([...(own.data?.tools ?? []).map(({ server }) => server), ...(own.data?.silent ?? [])]);
  const servers = isOwn ? [...ownServers] : (all.data?.map(({ name }) => name) ?? []);
  const people = useWhole(usersApi.list, {}, { enabled: user === undefined });
  const issue = useChange(grantsApi.issue, { changes: [grantsApi.list], onDone: onIssued });
  const form = useForm<NewGrant>({
    initialValues: {
      label: '',
      servers: [],
      user: user ?? null,
      lifetime: USUAL_GRANT_LIFETIME,
      allowFrom: [],
    },
    validate: {
      label: (value) => LabelSchema.safeParse(value).error?.issues[0]?.message ?? null,
      servers: (value) => (value.length === 0 ? 'Choose at least one server' : null),
    },
  });
  return (
    <form
      onSubmit={form.onSubmit(({ label, servers: chosen, user: of, lifetime, allowFrom }) =>
        issue.mutate({
          body: {
            ...{ label, servers: chosen, allow_from: allowFrom },
            ...(of !== null && { user: of }),
            ...(lifetime !== null && lifetime !== 'never' && { expires_in_s: Number(lifetime) }),
          },
        }),
      )}
    >
      <Stack gap="md">
        <TextInput
          label="Label"
          description="Under which the log shows what it does"
          placeholder="nightly-build"
          data-autofocus
          autoComplete="off"
          {...form.getInputProps('label')}
        />
        <MultiSelect
          label="Servers"
          description="What it reaches, as far as the rules allow it; nothing else"
          data={servers}
          searchable
          nothingFoundMessage="No server is called so"
          {...form.getInputProps('servers')}
        />
        {user === undefined && (
          <Select
            label="For"
            description="It has the rights of this person, and ends with them. Nobody: rules name it as grant:LABEL"
            placeholder="Nobody"
            data={people.data?.map(({ name }) => name) ?? []}
            searchable
            clearable
            {...form.getInputProps('user')}
          />
        )}
        <Group grow align="flex-start">
          <Select label="Good for" data={GRANT_LIFETIMES} allowDeselect={false} {...form.getInputProps('lifetime')} />
          <TagsInput
            label="Only from"
            placeholder="10.0.0.0/8"
            description="Addresses or ranges; none: from anywhere"
            inputWrapperOrder={['label', 'input', 'description', 'error']}
            {...form.getInputProps('allowFrom')}
          />
        </Group>
        <ProblemAlert problem={issue.error ?? all.error ?? own.error ?? people.error} />
        <FormEnd action="Issue the grant" onClose={onClose} isPending={issue.isPending} />
      </Stack>
    </form>
  );
}

function Token({ issued, onClose }: { issued: IssuedGrant; onClose: () => void }) {
  const { broker } = useSession();
  return (
    <Stack gap="md">
      <ShownOnce what="token">
        The broker keeps only its hash. Put it where it is used, now; whoever lost it needs a new grant.
      </ShownOnce>
      <CopyLine text={issued.token} label="the token" />
      <Text size="sm">
        The laptop command takes it from the environment variable MCPGATE_TOKEN; other programs send it as bearer token
        to:
      </Text>
      <CopyLine text={`${broker.url}/mcp`} />
      <Group justify="flex-end">
        <Button onClick={onClose}>I have it</Button>
      </Group>
    </Stack>
  );
}
