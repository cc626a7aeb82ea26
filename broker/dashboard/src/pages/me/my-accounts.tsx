// A person's own accounts at servers that are used with one's own: connect, connect again, disconnect. What is entered is entered on the broker's own page.
import { Button, Group, Text } from '@mantine/core';
import { IconKey } from '@tabler/icons-react';
import { accountsApi, type Account } from 'mcpgate-shared/api/accounts/accounts';
import { meApi } from 'mcpgate-shared/api/me/me-api';
import { useChange } from '../../api/use-api.ts';
import { useWhole } from '../../api/use-whole.ts';
import { ACCOUNT_LOOK } from '../../parts/credentials/account-look.ts';
import { DataTable, type Column } from '../../parts/data-table.tsx';
import { Empty } from '../../parts/empty.tsx';
import { EndButton } from '../../parts/confirm.tsx';
import { Loaded } from '../../parts/loaded.tsx';
import { Section } from '../../parts/page.tsx';
import { StatusBadge } from '../../parts/status-badge.tsx';
import { Ago } from '../../parts/time.tsx';
import { toastDone } from '../../parts/toast.tsx';

export function MyAccounts() {
  const accounts = useWhole(accountsApi.list, {});
  return (
    <Section title="Your accounts" lead="Servers that you use as yourself. Only your own calls go out with them." flush>
      <Loaded query={accounts}>
        {(all) => (
          <DataTable
            label="Your accounts"
            rows={all}
            columns={COLUMNS}
            rowKey={({ server }) => server}
            sort={{ id: 'server' }}
            empty={
              <Empty icon={IconKey} title="No server asks for an account of yours">
                All that you may use is connected for everybody.
              </Empty>
            }
          />
        )}
      </Loaded>
    </Section>
  );
}

const COLUMNS: readonly Column<Account>[] = [
  {
    id: 'server',
    header: 'Server',
    width: 'minmax(120px, 2fr)',
    sortBy: ({ server }) => server,
    cell: ({ server, kind, scopes }) => (
      <>
        <Text size="sm" fw={600}>
          {server}
        </Text>
        <Text size="xs" c="dimmed">
          {kind === 'oauth' ? 'signed in at its own page' : 'keys that you entered'}
          {scopes.length > 0 && ` · ${scopes.join(' ')}`}
        </Text>
      </>
    ),
  },
  {
    id: 'state',
    header: 'State',
    width: '170px',
    from: 520,
    sortBy: ({ state }) => state,
    cell: ({ state }) => <StatusBadge tone={ACCOUNT_LOOK[state].tone}>{ACCOUNT_LOOK[state].word}</StatusBadge>,
  },
  {
    id: 'since',
    header: 'Since',
    width: '130px',
    from: 640,
    sortBy: ({ connected_at: at }) => at,
    cell: ({ connected_at: at }) => <Ago at={at} />,
  },
  {
    id: 'change',
    header: 'Change',
    hiddenHeader: true,
    width: '220px',
    align: 'right',
    cell: (account) => <Change account={account} />,
  },
];

function Change({ account: { server, state, url } }: { account: Account }) {
  const disconnect = useChange(accountsApi.disconnect, {
    changes: [accountsApi.list, meApi.tools],
    onDone: ({ revoked, why }) =>
      toastDone({
        message: revoked
          ? `Your account at ${server} is ended, at its provider too.`
          : `Your account at ${server} is forgotten here${why === null ? '' : `; it may be good elsewhere: ${why}`}.`,
        subject: `server:${server}`,
      }),
  });
  const { connect } = ACCOUNT_LOOK[state];
  return (
    <Group gap="xs" justify="flex-end" wrap="nowrap">
      {connect !== undefined && (
        <Button component="a" href={url} size="compact-sm" variant="light" aria-label={`${connect}: ${server}`}>
          {connect}
        </Button>
      )}
      {state !== 'missing' && (
        <EndButton
          label={`Disconnect ${server}`}
          question={{
            title: `Disconnect your account at ${server}?`,
            consequences: [
              'Your AI clients lose its tools at once.',
              'The broker forgets the account, and ends it at its provider where that takes it.',
              'You can connect it again at any time.',
            ],
            action: 'Disconnect it',
            run: () => disconnect.mutateAsync({ params: { name: server } }),
          }}
        >
          Disconnect
        </EndButton>
      )}
    </Group>
  );
}
