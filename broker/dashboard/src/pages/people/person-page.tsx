// One person: who they are here, what acts for them, what they know, and their way out.
import { Button, Group } from '@mantine/core';
import { getRouteApi } from '@tanstack/react-router';
import { IconDeviceLaptop, IconKey, IconLogin2, IconPlugConnected } from '@tabler/icons-react';
import { endingApi, type Ending } from 'mcpgate-shared/api/people/ending';
import { usersApi, type User } from 'mcpgate-shared/api/users';
import { useMemo, useState } from 'react';
import { useSession } from '../../api/session.tsx';
import { useApi } from '../../api/use-api.ts';
import { DataTable, type Column } from '../../parts/data-table.tsx';
import { Empty } from '../../parts/empty.tsx';
import { Facts } from '../../parts/facts.tsx';
import { countText } from '../../parts/figures.ts';
import { AnchorLink, PathLink } from '../../parts/links.tsx';
import { IssueGrant } from '../../parts/credentials/issue-grant.tsx';
import { Loaded } from '../../parts/loaded.tsx';
import { Page, Section } from '../../parts/page.tsx';
import { StatusBadge } from '../../parts/status-badge.tsx';
import { Ago } from '../../parts/time.tsx';
import { deviceColumns, grantColumns, sessionColumns } from './credentials/credential-columns.tsx';
import { Receipts } from './credentials/receipts.tsx';
import { KnownThings } from './known-things.tsx';
import { PersonActions } from './person-actions.tsx';
import { ROLE_MEANING } from './role-words.ts';
import { STATE_LOOK, stateOfUser } from './user-state.ts';

const route = getRouteApi('/shell/people/$name');

const lastSeenOf = ({ devices, sessions }: Ending): string | null =>
  [...devices, ...sessions]
    .map(({ last_seen_at: at }) => at)
    .toSorted()
    .at(-1) ?? null;

export function PersonPage() {
  const { name } = route.useParams();
  const user = useApi(usersApi.show, { params: { name } });
  const ending = useApi(endingApi.show, { params: { name } });
  const state =
    user.data && ending.data
      ? stateOfUser(user.data, { links: ending.data.links, lastSeenAt: lastSeenOf(ending.data) })
      : undefined;
  return (
    <Page
      title={name}
      above={[
        <AnchorLink key="people" to="/people" size="sm">
          People
        </AnchorLink>,
      ]}
      badge={state && <StatusBadge tone={STATE_LOOK[state].tone}>{STATE_LOOK[state].word}</StatusBadge>}
      lead={user.data?.email}
      actions={user.data && <PersonActions user={user.data} />}
    >
      <Loaded query={user}>
        {(data) => (
          <>
            <WhoTheyAre user={data} ending={ending.data} />
            <Receipts>
              <Loaded query={ending}>{(found) => <WhatTheyHave user={data} ending={found} />}</Loaded>
            </Receipts>
          </>
        )}
      </Loaded>
    </Page>
  );
}

function WhoTheyAre({ user, ending }: { user: User; ending: Ending | undefined }) {
  const mayRead = useSession().may('auditor');
  return (
    <Section
      title="Who they are here"
      actions={
        mayRead && (
          <Group gap="md">
            <PathLink path={`/log?user=${encodeURIComponent(user.name)}`}>Their calls</PathLink>
            <PathLink path={`/log?subject=${encodeURIComponent(`user:${user.name}`)}`}>
              What was changed of them
            </PathLink>
          </Group>
        )
      }
    >
      <Facts
        facts={[
          ['Role', `${user.role}: ${ROLE_MEANING[user.role]}`],
          user.managed_by === null
            ? undefined
            : ['Role kept by', `${user.managed_by}: the next apply makes it what that says`],
          ['Groups', user.groups.length === 0 ? 'none' : <GroupLinks key="groups" groups={user.groups} />],
          ['Password', user.has_password ? 'set' : 'none: signs in by the identity provider, or has not come yet'],
          user.disabled_at === null ? undefined : ['Locked out', <Ago key="out" at={user.disabled_at} />],
          ['Last seen', <Ago key="seen" at={ending === undefined ? null : lastSeenOf(ending)} />],
          ['Added', <Ago key="added" at={user.created_at} />],
          ending === undefined
            ? undefined
            : [
                'Now',
                [
                  countText(ending.links, 'link'),
                  countText(ending.channels, 'AI client'),
                  `${countText(ending.calls, 'call')} under way`,
                ].join(', '),
              ],
        ]}
      />
    </Section>
  );
}

function GroupLinks({ groups }: { groups: readonly string[] }) {
  return (
    <Group gap="sm">
      {groups.map((name) => (
        <AnchorLink key={name} to="/people" search={{ tab: 'groups', group: name }} size="sm">
          {name}
        </AnchorLink>
      ))}
    </Group>
  );
}

function WhatTheyHave({ user, ending }: { user: User; ending: Ending }) {
  const mayEnd = useSession().may('others_things');
  const [isIssuing, setIssuing] = useState(false);
  const columns = useMemo(() => {
    const shown = { mayEnd, withPerson: false };
    return { devices: deviceColumns(shown), sessions: sessionColumns(shown), grants: grantColumns(shown) };
  }, [mayEnd]);
  return (
    <>
      <Section title="Devices" flush>
        <DataTable
          label="Devices"
          rows={ending.devices}
          columns={columns.devices}
          rowKey={({ id }) => id}
          sort={{ id: 'seen', desc: true }}
          empty={
            <Empty icon={IconDeviceLaptop} title="No device">
              A laptop comes here with mcpgate login.
            </Empty>
          }
        />
      </Section>
      <Section title="Sign-ins" flush>
        <DataTable
          label="Sign-ins"
          rows={ending.sessions}
          columns={columns.sessions}
          rowKey={({ id }) => id}
          sort={{ id: 'used', desc: true }}
          empty={
            <Empty icon={IconLogin2} title="No sign-in">
              Nothing is signed in for them now.
            </Empty>
          }
        />
      </Section>
      <Section
        title="Grants"
        flush
        actions={
          mayEnd &&
          !user.disabled && (
            <Button size="compact-sm" variant="default" onClick={() => setIssuing(true)}>
              Issue a grant
            </Button>
          )
        }
      >
        <DataTable
          label="Grants"
          rows={ending.grants}
          columns={columns.grants}
          rowKey={({ id }) => id}
          sort={{ id: 'label' }}
          empty={
            <Empty icon={IconKey} title="No grant">
              None with their rights is good now.
            </Empty>
          }
        />
      </Section>
      <Section title="Accounts at servers" flush>
        <DataTable
          label="Accounts at servers"
          rows={ending.accounts}
          columns={ACCOUNT_COLUMNS}
          rowKey={({ server }) => server}
          sort={{ id: 'server' }}
          empty={
            <Empty icon={IconPlugConnected} title="No account of their own">
              Servers that each person signs in to stand here once they have.
            </Empty>
          }
        />
      </Section>
      <Section title="What they know, and what works without them" lead="It stays when they go. Rotate what they know.">
        <KnownThings ending={ending} />
      </Section>
      <IssueGrant opened={isIssuing} onClose={() => setIssuing(false)} user={user.name} />
    </>
  );
}

const ACCOUNT_COLUMNS: readonly Column<Ending['accounts'][number]>[] = [
  { id: 'server', header: 'Server', sortBy: ({ server }) => server, cell: ({ server }) => server },
  {
    id: 'kind',
    header: 'Kind',
    sortBy: ({ kind }) => kind,
    cell: ({ kind }) => (kind === 'keys' ? 'keys that they entered' : 'signed in at the provider'),
  },
  {
    id: 'state',
    header: 'State',
    sortBy: ({ state }) => state,
    cell: ({ state }) => (
      <StatusBadge tone={state === 'connected' ? 'ok' : 'warn'}>
        {state === 'connected' ? 'Connected' : state}
      </StatusBadge>
    ),
  },
];
