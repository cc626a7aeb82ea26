// A new administration token, shown once; where it follows another one, that one is ended from here once the new one is in its place.
import { Button, Group, Modal, Select, Stack, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { adminTokensApi, type AdminToken } from 'mcpgate-shared/api/admin-tokens';
import { LabelSchema } from 'mcpgate-shared/api/fields';
import type { TokenRole } from 'mcpgate-shared/api/roles';
import { settingsApi } from 'mcpgate-shared/api/settings/settings-api';
import { useState, type ReactNode } from 'react';
import { useChange } from '../../../api/use-api.ts';
import { CopyLine } from '../../../parts/copy-line.tsx';
import { GRANT_LIFETIMES, USUAL_GRANT_LIFETIME } from '../../../parts/credentials/grant-lifetimes.ts';
import { ProblemAlert } from '../../../parts/problem-view.tsx';
import { toastDone } from '../../../parts/toast.tsx';
import { FormEnd } from '../../../parts/forms/form-end.tsx';
import { ShownOnce } from '../../../parts/credentials/shown-once.tsx';

const READ = [adminTokensApi.list, settingsApi.scim];

export function IssueToken(props: {
  opened: boolean;
  onClose: () => void;
  /** To choose from; the first one is chosen. */
  roles: readonly [TokenRole, ...TokenRole[]];
  /** The one that it follows. */
  before?: AdminToken | undefined;
  /** What to do with it. */
  use?: ReactNode;
}) {
  const { opened, onClose, roles, before, use } = props;
  const [issued, setIssued] = useState<{ label: string; token: string }>();
  const close = (): void => {
    onClose();
    setIssued(undefined);
  };
  const title = before === undefined ? 'Issue a token' : `Rotate the token ${before.label}`;
  return (
    <Modal
      opened={opened}
      onClose={close}
      title={issued === undefined ? title : `The token ${issued.label}`}
      size="lg"
      closeOnClickOutside={issued === undefined}
    >
      {issued === undefined ? (
        <Form
          key={`${before?.id} ${opened}`}
          roles={roles}
          before={before}
          onIssued={({ label, token }) => setIssued({ label, token })}
          onClose={close}
        />
      ) : (
        <Shown issued={issued} before={before} use={use} onClose={close} />
      )}
    </Modal>
  );
}

/** Two tokens that are good have two labels: `okta`, then `okta-2`, then `okta-3`. */
function labelAfter(label: string): string {
  const [, name = label, count = '1'] = /^(.+)-(\d{1,3})$/.exec(label) ?? [];
  return `${name.slice(0, 59)}-${Number(count) + 1}`;
}

interface NewToken {
  label: string;
  role: TokenRole;
  lifetime: string;
}

function Form(props: {
  roles: readonly [TokenRole, ...TokenRole[]];
  before: AdminToken | undefined;
  onIssued: (issued: { label: string; token: string }) => void;
  onClose: () => void;
}) {
  const { roles, before, onIssued, onClose } = props;
  const issue = useChange(adminTokensApi.issue, { changes: READ, onDone: onIssued });
  const form = useForm<NewToken>({
    initialValues: {
      label: before === undefined ? '' : labelAfter(before.label),
      role: before?.role ?? roles[0],
      lifetime: before?.expires_at === null ? 'never' : USUAL_GRANT_LIFETIME,
    },
    validate: { label: (value) => LabelSchema.safeParse(value).error?.issues[0]?.message ?? null },
  });
  return (
    <form
      onSubmit={form.onSubmit(({ label, role, lifetime }) =>
        issue.mutate({ body: { label, role, ...(lifetime !== 'never' && { expires_in_s: Number(lifetime) }) } }),
      )}
    >
      <Stack gap="md">
        {before !== undefined && (
          <Text size="sm">
            The new token and the one before it are both good until you end that one: nothing stands still meanwhile.
          </Text>
        )}
        <TextInput
          label="Label"
          description="Under which the log shows what it does"
          placeholder={roles.length === 1 ? 'okta' : 'terraform'}
          data-autofocus
          autoComplete="off"
          {...form.getInputProps('label')}
        />
        {roles.length > 1 && (
          <Select label="Role" data={[...roles]} allowDeselect={false} {...form.getInputProps('role')} />
        )}
        <Select label="Good for" data={GRANT_LIFETIMES} allowDeselect={false} {...form.getInputProps('lifetime')} />
        <ProblemAlert problem={issue.error} />
        <FormEnd action="Issue the token" onClose={onClose} isPending={issue.isPending} />
      </Stack>
    </form>
  );
}

function Shown(props: {
  issued: { label: string; token: string };
  before: AdminToken | undefined;
  use: ReactNode;
  onClose: () => void;
}) {
  const { issued, before, use, onClose } = props;
  const end = useChange(adminTokensApi.revoke, { changes: READ, onDone: onClose });
  return (
    <Stack gap="md">
      <ShownOnce what="token">
        The broker keeps only its hash. Put it where it is used, now; whoever lost it needs a new one.
      </ShownOnce>
      <CopyLine text={issued.token} label="the token" />
      {use}
      <ProblemAlert problem={end.error} />
      <Group justify="flex-end">
        {before === undefined ? (
          <Button onClick={onClose}>I have it</Button>
        ) : (
          <>
            <Button variant="default" onClick={onClose}>
              End the old one later
            </Button>
            <Button
              color="red"
              loading={end.isPending}
              onClick={() =>
                end.mutate(
                  { params: { id: before.id } },
                  {
                    onSuccess: () =>
                      toastDone({
                        message: `The token ${before.label} that was before has ended.`,
                        subject: `admin-token:${before.label}`,
                      }),
                  },
                )
              }
            >
              It is in its place: end the old one
            </Button>
          </>
        )}
      </Group>
    </Stack>
  );
}
