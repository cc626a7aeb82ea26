// A person's own grants: tokens for CI and other places where nobody can log in, cut to servers.
import { Button, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconTicket } from '@tabler/icons-react';
import { grantsApi, type Grant } from 'mcpgate-shared/api/grants';
import { useSession } from '../../api/session.tsx';
import { useApi, useChange } from '../../api/use-api.ts';
import { DataTable, type Column } from '../../parts/data-table.tsx';
import { Empty } from '../../parts/empty.tsx';
import { EndButton } from '../../parts/confirm.tsx';
import { IssueGrant } from '../../parts/credentials/issue-grant.tsx';
import { Loaded } from '../../parts/loaded.tsx';
import { Section } from '../../parts/page.tsx';
import { StatusBadge, type Tone } from '../../parts/status-badge.tsx';
import { Ago } from '../../parts/time.tsx';
import { toastDone } from '../../parts/toast.tsx';

const STATES: Readonly<Record<Grant['state'], { tone: Tone; word: string }>> = {
  active: { tone: 'ok', word: 'Active' },
  suspended: { tone: 'warn', word: 'Suspended' },
  expired: { tone: 'quiet', word: 'Expired' },
  revoked: { tone: 'quiet', word: 'Revoked' },
};

export function MyGrants() {
  const { user } = useSession();
  const [opened, { open, close }] = useDisclosure(false);
  const grants = useApi(grantsApi.list, {});
  return (
    <Section
      title="Your grants"
      lead="Tokens for programs that cannot log in, as in CI. Each may do what you may, at its servers alone."
      flush
      actions={<Button onClick={open}>Issue a grant</Button>}
    >
      <Loaded query={grants}>
        {(all) => (
          <DataTable
            label="Your grants"
            rows={all.filter((grant) => grant.user === user.name)}
            columns={COLUMNS}
            rowKey={({ id }) => id}
            sort={{ id: 'state' }}
            empty={
              <Empty icon={IconTicket} title="You have issued no grant">
                Laptops need none: they log in.
              </Empty>
            }
          />
        )}
      </Loaded>
      <IssueGrant opened={opened} onClose={close} user={user.name} />
    </Section>
  );
}

const COLUMNS: readonly Column<Grant>[] = [
  {
    id: 'label',
    header: 'Label',
    width: 'minmax(120px, 2fr)',
    sortBy: ({ label }) => label,
    cell: ({ label, servers }) => (
      <>
        <Text size="sm" fw={600}>
          {label}
        </Text>
        <Text size="xs" c="dimmed">
          {servers.join(', ')}
        </Text>
      </>
    ),
  },
  {
    id: 'state',
    header: 'State',
    width: '120px',
    sortBy: ({ state }) => state,
    cell: ({ state }) => <StatusBadge tone={STATES[state].tone}>{STATES[state].word}</StatusBadge>,
  },
  {
    id: 'used',
    header: 'Last used',
    width: '120px',
    from: 560,
    sortBy: ({ last_used_at: at }) => at,
    cell: ({ last_used_at: at }) => <Ago at={at} />,
  },
  {
    id: 'ends',
    header: 'Ends',
    width: '120px',
    from: 640,
    sortBy: ({ expires_at: at }) => at,
    cell: ({ expires_at: at }) => <Ago at={at} />,
  },
  {
    id: 'end',
    header: 'Revoke',
    hiddenHeader: true,
    width: '100px',
    align: 'right',
    cell: (grant) => (grant.state === 'active' || grant.state === 'suspended' ? <Revoke grant={grant} /> : null),
  },
];

function Revoke({ grant: { id, label } }: { grant: Grant }) {
  const revoke = useChange(grantsApi.revoke, {
    changes: [grantsApi.list],
    onDone: ({ links_closed: links, ms }) =>
      toastDone({
        message: `The grant ${label} is good for nothing any more: ${links} links closed in ${ms} ms.`,
        subject: `grant:${label}`,
      }),
  });
  return (
    <EndButton
      label={`Revoke ${label}`}
      question={{
        title: `Revoke the grant ${label}?`,
        consequences: [
          'Whatever uses its token loses every tool at once, and calls under way are cancelled.',
          'It cannot be undone; a new grant has another token.',
        ],
        action: 'Revoke it',
        run: () => revoke.mutateAsync({ params: { id } }),
      }}
    >
      Revoke
    </EndButton>
  );
}
