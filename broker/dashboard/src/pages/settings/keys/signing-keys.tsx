import { Button, Code, Group } from '@mantine/core';
import { IconSignature } from '@tabler/icons-react';
import { keysApi, type SigningKey } from 'mcpgate-shared/api/keys';
import { useChange } from '../../../api/use-api.ts';
import { useConfirm } from '../../../parts/confirm.tsx';
import { DataTable, type Column } from '../../../parts/data-table.tsx';
import { Empty } from '../../../parts/empty.tsx';
import { Section } from '../../../parts/page.tsx';
import { StatusBadge, type Tone } from '../../../parts/status-badge.tsx';
import { Ago } from '../../../parts/time.tsx';
import { toastDone } from '../../../parts/toast.tsx';

const STATES: Readonly<Record<SigningKey['state'], readonly [Tone, string]>> = {
  current: ['ok', 'signs'],
  next: ['info', 'signs soon'],
  previous: ['quiet', 'ends'],
};

const COLUMNS: readonly Column<SigningKey>[] = [
  {
    id: 'id',
    header: 'Key',
    width: 'minmax(120px, 2fr)',
    cell: ({ id }) => <Code>{id}</Code>,
  },
  {
    id: 'state',
    header: 'State',
    width: '130px',
    cell: ({ state }) => <StatusBadge tone={STATES[state][0]}>{STATES[state][1]}</StatusBadge>,
  },
  { id: 'made', header: 'Made', width: '130px', from: 460, cell: ({ created_at: at }) => <Ago at={at} /> },
  {
    id: 'signs',
    header: 'Signs from',
    width: '130px',
    from: 600,
    cell: ({ signs_from: at }) => <Ago at={at} />,
  },
  {
    id: 'until',
    header: 'Published until',
    width: '140px',
    from: 720,
    cell: ({ published_until: at }) => (at === null ? 'it is replaced' : <Ago at={at} />),
  },
];

export function SigningKeysSection({ keys }: { keys: readonly SigningKey[] }) {
  const confirm = useConfirm();
  const rotate = useChange(keysApi.rotateSigning, { changes: [keysApi.signing] });
  const run = async (atOnce: boolean): Promise<void> => {
    const rotated = await rotate.mutateAsync({ body: { at_once: atOnce } });
    toastDone({
      message: atOnce ? 'A new key signs from now on.' : 'The next key is published, and signs in six minutes.',
      subject: `signing-key:${rotated.at(-1)?.id ?? ''}`,
    });
  };
  return (
    <Section
      title="Signing keys"
      lead="They sign what servers are told of people. Servers read them at /.well-known/jwks.json."
      actions={
        <Group gap="xs">
          <Button
            size="sm"
            variant="subtle"
            color="red"
            onClick={() =>
              confirm({
                title: 'Replace the signing keys at once?',
                consequences: [
                  'For a key that somebody else may have: a new one signs from now on, and those before it are good no more.',
                  'A server that has kept the keys of before refuses who asks until it reads them anew.',
                ],
                action: 'Replace them at once',
                destroys: true,
                run: () => run(true),
              })
            }
          >
            Replace at once
          </Button>
          <Button
            size="sm"
            variant="default"
            onClick={() =>
              confirm({
                title: 'Rotate the signing keys?',
                consequences: [
                  'The next key is published at once, and signs six minutes later, when servers know it.',
                  'The one before stays published until its last token has ended. Nothing fails.',
                ],
                action: 'Rotate the signing keys',
                run: () => run(false),
              })
            }
          >
            Rotate
          </Button>
        </Group>
      }
      flush
    >
      <DataTable
        label="Signing keys"
        rows={keys}
        columns={COLUMNS}
        rowKey={({ id }) => id}
        empty={
          <Empty icon={IconSignature} title="There is none yet">
            The first one is made for the first server that is told who asks.
          </Empty>
        }
      />
    </Section>
  );
}
