// A person's own sign-in: the password, and the passkeys.
import { Alert, Button, Group, Modal, Stack, Text, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { IconAlertTriangle, IconFingerprint } from '@tabler/icons-react';
import { sessionApi } from 'mcpgate-shared/api/session';
import { signInApi, type Passkey } from 'mcpgate-shared/api/sign-in/sign-in-api';
import { useState } from 'react';
import { Problem } from '../../../api/problem.ts';
import { useSession } from '../../../api/session.tsx';
import { keyOf, useApi, useChange } from '../../../api/use-api.ts';
import { DataTable, type Column } from '../../../parts/data-table.tsx';
import { Empty } from '../../../parts/empty.tsx';
import { EndButton } from '../../../parts/confirm.tsx';
import { Loaded } from '../../../parts/loaded.tsx';
import { Section } from '../../../parts/page.tsx';
import { ProblemAlert } from '../../../parts/problem-view.tsx';
import { Ago } from '../../../parts/time.tsx';
import { toastDone } from '../../../parts/toast.tsx';
import { FormEnd } from '../../../parts/forms/form-end.tsx';

export function MySignIn() {
  const { password, method } = useSession();
  return (
    <Stack gap="lg">
      <Section
        title="Password"
        actions={
          password.is_set && (
            <Button component="a" href="/security" variant="default">
              Change the password
            </Button>
          )
        }
      >
        {password.is_weak && (
          <Alert color="yellow" variant="light" mb="sm" icon={<IconAlertTriangle aria-hidden />}>
            Your password would not be taken as a new one: it is short or soon guessed. Change it.
          </Alert>
        )}
        <Text size="sm">
          {password.is_set
            ? 'You have a password at this broker. Changing it signs out your other browsers.'
            : method === 'idp'
              ? 'You sign in at your company’s provider, and have no password here.'
              : 'You have no password at this broker.'}
        </Text>
      </Section>
      <MyPasskeys />
    </Stack>
  );
}

function MyPasskeys() {
  const { passkeys_possible: possible } = useSession();
  const [naming, setNaming] = useState<Passkey | 'new'>();
  const passkeys = useApi(signInApi.listPasskeys, {});
  const close = () => setNaming(undefined);
  return (
    <Section
      title="Passkeys"
      lead="Your finger, face or PIN at a device of yours, in place of the password or after it."
      flush
      actions={possible && <Button onClick={() => setNaming('new')}>Add a passkey</Button>}
    >
      <Loaded query={passkeys}>
        {(all) => (
          <DataTable
            label="Your passkeys"
            rows={all}
            columns={columnsOf(setNaming)}
            rowKey={({ id }) => id}
            empty={
              <Empty icon={IconFingerprint} title="You have no passkey yet">
                {possible
                  ? 'With one, nobody can sign in as you by a password that they have read or guessed.'
                  : 'Browsers make them for a host name over https alone; this broker’s address is none.'}
              </Empty>
            }
          />
        )}
      </Loaded>
      <Modal opened={naming !== undefined} onClose={close} title={naming === 'new' ? 'Add a passkey' : 'Rename it'}>
        {naming === 'new' && <AddPasskey onClose={close} />}
        {naming !== undefined && naming !== 'new' && <RenamePasskey passkey={naming} onClose={close} />}
      </Modal>
    </Section>
  );
}

const columnsOf = (rename: (passkey: Passkey) => void): readonly Column<Passkey>[] => [
  {
    id: 'name',
    header: 'Passkey',
    width: 'minmax(140px, 2fr)',
    sortBy: ({ name }) => name,
    cell: ({ name, backed_up: isShared }) => (
      <>
        <Text size="sm" fw={600}>
          {name}
        </Text>
        <Text size="xs" c="dimmed">
          {isShared ? 'kept by several of your devices' : 'kept by one device'}
        </Text>
      </>
    ),
  },
  {
    id: 'since',
    header: 'Since',
    width: '130px',
    from: 560,
    sortBy: ({ created_at: at }) => at,
    cell: ({ created_at: at }) => <Ago at={at} />,
  },
  {
    id: 'used',
    header: 'Last used',
    width: '130px',
    from: 480,
    sortBy: ({ last_used_at: at }) => at,
    cell: ({ last_used_at: at }) => <Ago at={at} />,
  },
  {
    id: 'change',
    header: 'Change',
    hiddenHeader: true,
    width: '190px',
    align: 'right',
    cell: (passkey) => (
      <Group gap={4} justify="flex-end" wrap="nowrap">
        <Button
          size="compact-sm"
          variant="subtle"
          aria-label={`Rename ${passkey.name}`}
          onClick={() => rename(passkey)}
        >
          Rename
        </Button>
        <RemovePasskey passkey={passkey} />
      </Group>
    ),
  },
];

function RemovePasskey({ passkey: { id, name } }: { passkey: Passkey }) {
  const remove = useChange(signInApi.removePasskey, {
    changes: [signInApi.listPasskeys, sessionApi.show],
    onDone: ({ sessions_ended: ended }) =>
      toastDone({ message: `The passkey ${name} is removed; ${ended} other browsers are signed out.` }),
  });
  return (
    <EndButton
      label={`Remove ${name}`}
      question={{
        title: `Remove the passkey ${name}?`,
        consequences: ['Nobody signs in with it any more.', 'Your other browsers are signed out.'],
        action: 'Remove it',
        run: () => remove.mutateAsync({ params: { id } }),
      }}
    >
      Remove
    </EndButton>
  );
}

function AddPasskey({ onClose }: { onClose: () => void }) {
  const [name, setName] = useState('');
  const queries = useQueryClient();
  const options = useChange(signInApi.passkeyOptions);
  const keep = useChange(signInApi.addPasskey, { changes: [signInApi.listPasskeys] });
  const add = useMutation({
    async mutationFn() {
      // The broker writes them in the form that the browser reads.
      const asked = (await options.mutateAsync({})) as unknown as PublicKeyCredentialCreationOptionsJSON;
      const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(asked);
      const made = await navigator.credentials.create({ publicKey }).catch((cause: unknown) => {
        throw new Problem('refused', 'The browser made no passkey. Try again, and confirm at your device.', { cause });
      });
      if (!(made instanceof PublicKeyCredential)) throw new Problem('refused', 'The browser made no passkey.');
      const passkey: Record<string, unknown> = { ...made.toJSON() };
      return await keep.mutateAsync({ body: { name: name.trim(), passkey } });
    },
    async onSuccess() {
      await queries.invalidateQueries({ queryKey: keyOf(sessionApi.show) });
      toastDone({ message: `The passkey ${name.trim()} is yours.` });
      onClose();
    },
  });
  return (
    <Naming
      {...{ name, setName, onClose }}
      action="Add the passkey"
      isPending={add.isPending}
      problem={add.error}
      onSubmit={() => add.mutate()}
    />
  );
}

function RenamePasskey({ passkey, onClose }: { passkey: Passkey; onClose: () => void }) {
  const [name, setName] = useState(passkey.name);
  const rename = useChange(signInApi.renamePasskey, { changes: [signInApi.listPasskeys], onDone: onClose });
  return (
    <Naming
      {...{ name, setName, onClose }}
      action="Rename it"
      isPending={rename.isPending}
      problem={rename.error}
      onSubmit={() => rename.mutate({ params: { id: passkey.id }, body: { name: name.trim() } })}
    />
  );
}

function Naming(props: {
  name: string;
  setName: (name: string) => void;
  action: string;
  isPending: boolean;
  problem: unknown;
  onSubmit: () => void;
  onClose: () => void;
}) {
  const { name, setName, action, isPending, problem, onSubmit, onClose } = props;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        onSubmit();
      }}
    >
      <Stack gap="md">
        <TextInput
          label="What you call it"
          description="By the device that keeps it, as: blue laptop"
          value={name}
          onChange={({ currentTarget: { value } }) => setName(value)}
          maxLength={60}
          required
          data-autofocus
        />
        <ProblemAlert problem={problem} />
        <FormEnd action={action} onClose={onClose} leave="Close" isPending={isPending} disabled={name.trim() === ''} />
      </Stack>
    </form>
  );
}
