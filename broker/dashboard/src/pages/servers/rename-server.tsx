// Another name for a server: what goes along is shown before it is done.
import { Alert, List, Modal, Stack, Text, TextInput } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { ServerNameSchema } from 'mcpgate-shared/api/fields';
import { rulesApi } from 'mcpgate-shared/api/rules';
import { serverEtag, serversApi, type RenamedServer } from 'mcpgate-shared/api/servers';
import { useState } from 'react';
import { useChange } from '../../api/use-api.ts';
import { ProblemAlert } from '../../parts/problem-view.tsx';
import { toastDone } from '../../parts/toast.tsx';
import { FormEnd } from '../../parts/forms/form-end.tsx';

export function RenameServer({ name, opened, onClose }: { name: string; opened: boolean; onClose: () => void }) {
  return (
    <Modal opened={opened} onClose={onClose} title={`Rename ${name}`} size="lg">
      {opened && <Form name={name} onClose={onClose} />}
    </Modal>
  );
}

function Form({ name, onClose }: { name: string; onClose: () => void }) {
  const [to, setTo] = useState('');
  const [plan, setPlan] = useState<RenamedServer>();
  const navigate = useNavigate();
  const params = { name };
  const preview = useChange(serversApi.rename, { onDone: setPlan });
  const rename = useChange(serversApi.rename, {
    changes: [serversApi.list, rulesApi.list],
    onDone() {
      toastDone({ message: `${name} is called ${to} now.`, subject: `server:${to}` });
      onClose();
      void navigate({ to: '/servers/$name', params: { name: to } });
    },
  });
  const mistake = to === '' ? undefined : ServerNameSchema.safeParse(to).error?.issues[0]?.message;
  const isShown = plan !== undefined && plan.to === to;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (isShown) rename.mutate({ params, body: { to }, ifMatch: serverEtag(plan.server) });
        else preview.mutate({ params, body: { to, dry_run: true } });
      }}
    >
      <Stack>
        <TextInput
          label="Its new name"
          description="Before each of its tools, as NAME__TOOL"
          value={to}
          onChange={({ currentTarget: { value } }) => setTo(value.trim())}
          error={mistake}
          autoComplete="off"
          spellCheck={false}
          data-autofocus
        />
        <ProblemAlert problem={preview.error ?? rename.error} />
        {isShown && <GoesAlong plan={plan} />}
        <FormEnd
          action={isShown ? 'Rename it' : 'Show what goes along'}
          onClose={onClose}
          leave="Keep its name"
          disabled={to === '' || mistake !== undefined}
          isPending={preview.isPending || rename.isPending}
        />
      </Stack>
    </form>
  );
}

const SHIFTS = { less: 'matches less of it', more: 'matches more of it', other: 'matches other things of it' } as const;

function GoesAlong({ plan }: { plan: RenamedServer }) {
  const { from, to, rules, shifted, grants, grants_gained: gained, former_name_of: former } = plan;
  return (
    <Stack gap="sm" role="status">
      <List size="sm" spacing={6}>
        <List.Item>
          AI clients that still say {from} are served, as long as no other server is called so. Its tools are listed as{' '}
          {to}__TOOL from the next list on.
        </List.Item>
        <List.Item>Its accounts, its secrets and its history go along.</List.Item>
        {rules.map(({ id, before, after }) => (
          <List.Item key={id}>
            Rule {id}: {before.join(', ')} becomes {after.join(', ')}
          </List.Item>
        ))}
        {grants.length > 0 && <List.Item>Grants that are bound to it go along: {grants.join(', ')}</List.Item>}
      </List>
      {(shifted.length > 0 || gained.length > 0 || former !== null) && (
        <Alert color="yellow" title="Not the same afterwards">
          {shifted.map(({ rule, effect, what, shift }) => (
            <Text key={`${rule} ${what}`} size="sm">
              Rule {rule} ({effect} {what}) {SHIFTS[shift]}.
            </Text>
          ))}
          {gained.length > 0 && <Text size="sm">Grants that become good at it: {gained.join(', ')}.</Text>}
          {former !== null && (
            <Text size="sm">
              {former} was called {to} before: AI clients that still say so reach this one from now on.
            </Text>
          )}
        </Alert>
      )}
    </Stack>
  );
}
