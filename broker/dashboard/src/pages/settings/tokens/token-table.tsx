// Tokens that are good, with the end of each.
import { Button, Group, Text } from '@mantine/core';
import { adminTokensApi, type AdminToken } from 'mcpgate-shared/api/admin-tokens';
import { settingsApi } from 'mcpgate-shared/api/settings/settings-api';
import type { ReactNode } from 'react';
import { useChange } from '../../../api/use-api.ts';
import { EndButton } from '../../../parts/confirm.tsx';
import { DataTable, type Column } from '../../../parts/data-table.tsx';
import { Ago } from '../../../parts/time.tsx';
import { toastDone } from '../../../parts/toast.tsx';

const columnsOf = (
  withRole: boolean,
  rotate: ((token: AdminToken) => void) | undefined,
): readonly Column<AdminToken>[] => [
  {
    id: 'label',
    header: 'Label',
    width: 'minmax(120px, 1.4fr)',
    sortBy: (token) => token.label,
    cell: (token) => (
      <>
        <Text size="sm" fw={600}>
          {token.label}
        </Text>
        <Text size="xs" c="dimmed">
          by {token.created_by}, <Ago at={token.created_at} />
        </Text>
      </>
    ),
  },
  ...(withRole
    ? [
        {
          id: 'role',
          header: 'Role',
          width: '90px',
          sortBy: ({ role }: AdminToken) => role,
          cell: ({ role }: AdminToken) => role,
        },
      ]
    : []),
  {
    id: 'used',
    header: 'Last used',
    width: '130px',
    from: 520,
    sortBy: (token) => token.last_used_at ?? '',
    cell: (token) => <Ago at={token.last_used_at} />,
  },
  {
    id: 'ends',
    header: 'Ends',
    width: '120px',
    from: 640,
    sortBy: (token) => token.expires_at ?? '9',
    cell: (token) => <Ago at={token.expires_at} />,
  },
  {
    id: 'actions',
    header: 'Actions',
    hiddenHeader: true,
    width: rotate === undefined ? '64px' : '136px',
    align: 'right',
    cell: (token) => (
      <Group gap={0} wrap="nowrap" justify="flex-end">
        {rotate !== undefined && (
          <Button
            size="compact-sm"
            variant="subtle"
            onClick={() => rotate(token)}
            aria-label={`Rotate the token ${token.label}`}
          >
            Rotate
          </Button>
        )}
        <EndToken token={token} />
      </Group>
    ),
  },
];

export function TokenTable(props: {
  label: string;
  tokens: readonly AdminToken[];
  empty: ReactNode;
  withRole?: boolean;
  /** Issues the one that is to follow it. */
  rotate?: (token: AdminToken) => void;
}) {
  const { label, tokens, empty, withRole = false, rotate } = props;
  return (
    <DataTable
      label={label}
      rows={tokens}
      columns={columnsOf(withRole, rotate)}
      rowKey={({ id }) => id}
      sort={{ id: 'label' }}
      empty={empty}
    />
  );
}

function EndToken({ token: { id, label } }: { token: AdminToken }) {
  const end = useChange(adminTokensApi.revoke, { changes: [adminTokensApi.list, settingsApi.scim] });
  return (
    <EndButton
      label={`End the token ${label}`}
      question={{
        title: `End the token ${label}?`,
        consequences: [
          'Whatever uses it is refused from now on.',
          'It never works again. A new token has a new value.',
        ],
        action: 'End the token',
        async run() {
          await end.mutateAsync({ params: { id } });
          toastDone({ message: `The token ${label} has ended.`, subject: `admin-token:${label}` });
        },
      }}
    >
      End
    </EndButton>
  );
}
