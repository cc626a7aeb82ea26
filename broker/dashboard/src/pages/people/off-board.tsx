// The way out of a person: what will end, one typed confirmation, and the receipt with what is left.
import { Alert, Button, Group, List, Modal, SimpleGrid, Stack, Text, TextInput, Title } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import type { Receipt } from 'mcpgate-shared/api/fields';
import { endingApi, type Ending } from 'mcpgate-shared/api/people/ending';
import { usersApi } from 'mcpgate-shared/api/users';
import { useState } from 'react';
import { useApi, useChange } from '../../api/use-api.ts';
import { browserName } from '../../parts/browser-name.ts';
import { Figure } from '../../parts/figure.tsx';
import { PathLink } from '../../parts/links.tsx';
import { Loaded } from '../../parts/loaded.tsx';
import { ProblemAlert } from '../../parts/problem-view.tsx';
import { logPath } from '../../parts/toast.tsx';
import { KnownThings, leavesSomething } from './known-things.tsx';
import { useReadPeopleAgain } from './people-read.ts';
import { Named, ReceiptView } from './credentials/receipt-view.tsx';
import { FormEnd } from '../../parts/forms/form-end.tsx';

export type WayOut = 'disable' | 'remove';

const WORDS = {
  disable: {
    title: (name: string) => `Off-board ${name}`,
    action: 'Lock out now',
    done: (name: string) => `${name} is out`,
    after: 'They stay in the list, locked out, and can be let in again. The log keeps all that they did.',
  },
  remove: {
    title: (name: string) => `Remove ${name} for good`,
    action: 'Remove for good',
    done: (name: string) => `${name} is removed`,
    after:
      'Devices, grants and accounts are gone for good, and rules that name nobody else go too. The log keeps all that they did.',
  },
} as const;

interface Ended {
  receipt: Receipt;
  /** As it was before. */
  ending: Ending;
}

/** `how` undefined: closed. `onClose`: told whether the person is gone. */
export function OffBoard(props: { name: string; how: WayOut | undefined; onClose: (removed: boolean) => void }) {
  const { name, how, onClose } = props;
  const [ended, setEnded] = useState<Ended>();
  const readAgain = useReadPeopleAgain();
  // While the dialog fades out, it says what it said.
  const [last, setLast] = useState<WayOut>('disable');
  if (how !== undefined && how !== last) setLast(how);
  const words = WORDS[how ?? last];
  const close = (): void => {
    const isGone = ended !== undefined && how === 'remove';
    if (ended !== undefined) void readAgain({ later: isGone });
    // Of somebody who is gone nothing is asked any more.
    if (!isGone) setEnded(undefined);
    onClose(isGone);
  };
  return (
    <Modal
      opened={how !== undefined}
      onClose={close}
      size="xl"
      title={ended === undefined ? words.title(name) : words.done(name)}
      closeOnClickOutside={ended === undefined}
    >
      {ended === undefined ? (
        <Before name={name} how={how ?? last} onEnded={setEnded} onClose={close} />
      ) : (
        <After {...ended} onClose={close} />
      )}
    </Modal>
  );
}

function Before(props: { name: string; how: WayOut; onEnded: (ended: Ended) => void; onClose: () => void }) {
  const { name, how, onEnded, onClose } = props;
  const ending = useApi(endingApi.show, { params: { name } });
  const disable = useChange(usersApi.disable);
  const remove = useChange(usersApi.remove);
  const change = how === 'disable' ? disable : remove;
  const [typed, setTyped] = useState('');
  const isReady = typed.trim() === name && ending.data !== undefined;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        const { data } = ending;
        if (isReady && data !== undefined && !change.isPending)
          change.mutate({ params: { name } }, { onSuccess: (receipt) => onEnded({ receipt, ending: data }) });
      }}
    >
      <Stack gap="md">
        <Loaded query={ending}>{(data) => <WhatEnds ending={data} />}</Loaded>
        <Text size="sm">{WORDS[how].after}</Text>
        <TextInput
          label={
            <Text span size="sm">
              Type <strong>{name}</strong> to go on
            </Text>
          }
          value={typed}
          onChange={({ currentTarget: { value } }) => setTyped(value)}
          autoComplete="off"
          spellCheck={false}
          data-autofocus
        />
        <ProblemAlert problem={change.error} />
        <FormEnd
          action={WORDS[how].action}
          onClose={onClose}
          leave="Keep it as it is"
          isEnd
          disabled={!isReady}
          isPending={change.isPending}
        />
      </Stack>
    </form>
  );
}

function WhatEnds({ ending }: { ending: Ending }) {
  const { devices, sessions, grants, accounts } = ending;
  const browsers = sessions.filter(({ kind }) => kind !== 'device');
  return (
    <Stack gap="md">
      <Title order={3} fz="md">
        What ends at once
      </Title>
      <SimpleGrid cols={{ base: 2, xs: 4 }} spacing="sm">
        <Figure label="Links" value={ending.links} />
        <Figure label="AI clients" value={ending.channels} />
        <Figure label="Calls under way" value={ending.calls} />
        <Figure label="Sign-ins" value={sessions.length} />
      </SimpleGrid>
      <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="md">
        {devices.length > 0 && (
          <Named
            title="Devices"
            lines={devices.map((device) => `${device.name}${device.connected ? ', connected now' : ''}`)}
          />
        )}
        {browsers.length > 0 && (
          <Named
            title="Browsers and applications"
            lines={[...new Set(browsers.map(({ kind, label }) => (kind === 'web' ? browserName(label) : label)))]}
          />
        )}
        {grants.length > 0 && (
          <Named
            title="Grants of theirs"
            lines={grants.map(({ label, servers }) => `${label}: ${servers.join(', ')}`)}
          />
        )}
        {accounts.length > 0 && (
          <Named
            title="Accounts at servers, ended there too where the provider can"
            lines={accounts.map(({ server }) => server)}
          />
        )}
      </SimpleGrid>
      {devices.length + browsers.length + grants.length + accounts.length === 0 && (
        <List size="sm">
          <List.Item>They have no device, sign-in, grant or account now.</List.Item>
        </List>
      )}
      {leavesSomething(ending) && (
        <Alert color="yellow" variant="light" icon={<IconAlertTriangle aria-hidden />} title="What is left then">
          <KnownThings ending={ending} />
        </Alert>
      )}
    </Stack>
  );
}

function After({ receipt, ending, onClose }: Ended & { onClose: () => void }) {
  const left = { ...ending, still_active: receipt.still_active };
  return (
    <Stack gap="lg">
      <ReceiptView receipt={receipt} />
      {leavesSomething(left) ? (
        <Alert color="yellow" variant="light" icon={<IconAlertTriangle aria-hidden />} title="What is left to do">
          <KnownThings ending={left} />
        </Alert>
      ) : (
        <Text size="sm">Nothing is left: no token of theirs works on, and no secret in use was set by them.</Text>
      )}
      <Group justify="space-between">
        <PathLink path={logPath(receipt.subject)}>In the log</PathLink>
        <Button onClick={onClose}>Done</Button>
      </Group>
    </Stack>
  );
}
