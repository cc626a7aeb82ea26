// The applications that a person has let in over OAuth, and the browsers in which they are signed in.
import { Text } from '@mantine/core';
import { IconApps } from '@tabler/icons-react';
import { sessionsApi, type Session } from 'mcpgate-shared/api/devices';
import { useSession } from '../../api/session.tsx';
import { useChange } from '../../api/use-api.ts';
import { useWhole } from '../../api/use-whole.ts';
import { browserName } from '../../parts/browser-name.ts';
import { DataTable, type Column } from '../../parts/data-table.tsx';
import { Empty } from '../../parts/empty.tsx';
import { EndButton } from '../../parts/confirm.tsx';
import { Loaded } from '../../parts/loaded.tsx';
import { Section } from '../../parts/page.tsx';
import { Ago } from '../../parts/time.tsx';
import { toastDone } from '../../parts/toast.tsx';

export function MyApplications() {
  const { user } = useSession();
  const sessions = useWhole(sessionsApi.list, { query: { user: user.name } });
  return (
    <Section title="Applications and browsers" flush>
      <Loaded query={sessions}>
        {(all) => (
          <DataTable
            label="Applications and browsers"
            rows={all.filter(({ kind }) => kind !== 'device')}
            columns={COLUMNS}
            rowKey={({ id }) => id}
            sort={{ id: 'used', desc: true }}
            empty={
              <Empty icon={IconApps} title="None is connected">
                An application that connects by itself asks you first.
              </Empty>
            }
          />
        )}
      </Loaded>
    </Section>
  );
}

const nameOf = ({ kind, label }: Session): string => (kind === 'web' ? browserName(label) : label);

const scopeText = ({ kind, resource, scopes, address }: Session): string =>
  [
    kind === 'web' ? 'browser' : resource === null ? 'all servers' : resource,
    ...(scopes.length === 0 ? [] : [`scope ${scopes.join(' ')}`]),
    address,
  ].join(' · ');

const COLUMNS: readonly Column<Session>[] = [
  {
    id: 'label',
    header: 'Name',
    width: 'minmax(140px, 2fr)',
    sortBy: nameOf,
    cell: (session) => (
      <>
        <Text size="sm" fw={600}>
          {nameOf(session)}
        </Text>
        <Text size="xs" c="dimmed">
          {scopeText(session)}
        </Text>
      </>
    ),
  },
  {
    id: 'since',
    header: 'Since',
    width: '150px',
    from: 560,
    sortBy: ({ created_at: at }) => at,
    cell: ({ created_at: at }) => <Ago at={at} />,
  },
  {
    id: 'used',
    header: 'Last used',
    width: '130px',
    from: 440,
    sortBy: ({ last_seen_at: at }) => at,
    cell: ({ last_seen_at: at }) => <Ago at={at} />,
  },
  {
    id: 'end',
    header: 'End',
    hiddenHeader: true,
    width: '120px',
    align: 'right',
    cell: (session) => <EndSession session={session} />,
  },
];

function EndSession({ session }: { session: Session }) {
  const { id, kind } = session;
  const label = nameOf(session);
  const end = useChange(sessionsApi.end, {
    changes: [sessionsApi.list],
    onDone: () => toastDone({ message: `${label} has no access any more.`, subject: `session:${id}` }),
  });
  const verb = kind === 'web' ? 'Sign out' : 'Disconnect';
  return (
    <EndButton
      label={`${verb} ${label}`}
      question={{
        title: `${verb} ${label}?`,
        consequences:
          kind === 'web'
            ? ['That browser is signed out at once. If it is this one, you sign in again.']
            : [
                'It loses access at once, and its calls under way are cancelled.',
                'It asks you again if it connects once more.',
              ],
        action: `${verb} it`,
        run: () => end.mutateAsync({ params: { id } }),
      }}
    >
      {verb}
    </EndButton>
  );
}
