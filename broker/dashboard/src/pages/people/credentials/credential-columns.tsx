// The columns of devices, sign-ins and grants, for the lists of all and for one person's.
import { Text } from '@mantine/core';
import type { Device, Session } from 'mcpgate-shared/api/devices';
import type { Grant } from 'mcpgate-shared/api/grants';
import { browserName } from '../../../parts/browser-name.ts';
import type { Column } from '../../../parts/data-table.tsx';
import { AnchorLink } from '../../../parts/links.tsx';
import { StatusBadge, type Tone } from '../../../parts/status-badge.tsx';
import { Ago } from '../../../parts/time.tsx';
import { EndSession, RevokeDevice, RevokeGrant } from './end-access.tsx';

const Two = ({ first, second }: { first: string; second: string }) => (
  <>
    <Text size="sm" fw={600} truncate title={first}>
      {first}
    </Text>
    <Text size="xs" c="dimmed" truncate>
      {second}
    </Text>
  </>
);

const ofPerson = <Row extends { user: string | null }>(): Column<Row> => ({
  id: 'user',
  header: 'Of',
  width: 'minmax(130px, 1fr)',
  from: 480,
  sortBy: ({ user }) => user,
  cell: ({ user }) =>
    user === null ? (
      <Text c="dimmed" size="sm">
        nobody
      </Text>
    ) : (
      <AnchorLink to="/people/$name" params={{ name: user }} size="sm">
        {user}
      </AnchorLink>
    ),
});

/** `mayEnd`: with the buttons that end it. `withPerson`: with whose it is. */
interface Shown {
  mayEnd: boolean;
  withPerson: boolean;
}

function stateOfDevice({ revoked_at: revokedAt, connected, logged_in: loggedIn }: Device): readonly [Tone, string] {
  if (revokedAt !== null) return ['danger', 'Revoked'];
  if (connected) return ['ok', 'Connected'];
  return ['quiet', loggedIn ? 'Not connected' : 'Logged out'];
}

export function deviceColumns({ mayEnd, withPerson }: Shown): readonly Column<Device>[] {
  return [
    {
      id: 'name',
      header: 'Device',
      width: 'minmax(150px, 1.6fr)',
      sortBy: ({ name }) => name,
      cell: ({ name, platform, address }) => <Two first={name} second={`${platform} · ${address}`} />,
    },
    ...(withPerson ? [ofPerson<Device>()] : []),
    {
      id: 'state',
      header: 'State',
      width: '150px',
      from: 400,
      sortBy: (device) => stateOfDevice(device)[1],
      cell: (device) => {
        const [tone, word] = stateOfDevice(device);
        return <StatusBadge tone={tone}>{word}</StatusBadge>;
      },
    },
    {
      id: 'seen',
      header: 'Last seen',
      width: '130px',
      from: 640,
      sortBy: ({ last_seen_at: at }) => at,
      cell: ({ last_seen_at: at }) => <Ago at={at} />,
    },
    {
      id: 'added',
      header: 'Logged in first',
      width: '140px',
      from: 860,
      sortBy: ({ created_at: at }) => at,
      cell: ({ created_at: at }) => <Ago at={at} />,
    },
    ...(mayEnd ? [endColumn<Device>((device) => device.revoked_at === null && <RevokeDevice device={device} />)] : []),
  ];
}

const endColumn = <Row,>(cell: Column<Row>['cell']): Column<Row> => ({
  id: 'end',
  header: 'End',
  hiddenHeader: true,
  width: '100px',
  align: 'right',
  cell,
});

const KINDS: Readonly<Record<Session['kind'], string>> = {
  device: 'laptop',
  oauth: 'application',
  web: 'browser',
};

export function sessionColumns({ mayEnd, withPerson }: Shown): readonly Column<Session>[] {
  return [
    {
      id: 'label',
      header: 'Sign-in',
      width: 'minmax(150px, 1.6fr)',
      sortBy: ({ label }) => label,
      cell: ({ kind, label, address }) => (
        <Two first={kind === 'web' ? browserName(label) : label} second={`${KINDS[kind]} · ${address}`} />
      ),
    },
    ...(withPerson ? [ofPerson<Session>()] : []),
    {
      id: 'state',
      header: 'State',
      width: '150px',
      from: 560,
      sortBy: ({ connected }) => connected,
      cell: ({ connected, kind }) =>
        connected ? (
          <StatusBadge tone="ok">Connected</StatusBadge>
        ) : (
          <StatusBadge tone="quiet">{kind === 'device' ? 'Not connected' : 'Good'}</StatusBadge>
        ),
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
      id: 'ends',
      header: 'Ends by itself',
      width: '130px',
      from: 820,
      sortBy: ({ expires_at: at }) => at,
      cell: ({ expires_at: at }) => <Ago at={at} />,
    },
    ...(mayEnd ? [endColumn<Session>((session) => <EndSession session={session} />)] : []),
  ];
}

const GRANT_LOOK: Readonly<Record<Grant['state'], readonly [Tone, string]>> = {
  active: ['ok', 'Active'],
  suspended: ['warn', 'Suspended'],
  expired: ['quiet', 'Expired'],
  revoked: ['danger', 'Revoked'],
};

export function grantColumns({ mayEnd, withPerson }: Shown): readonly Column<Grant>[] {
  return [
    {
      id: 'label',
      header: 'Grant',
      width: 'minmax(150px, 1.4fr)',
      sortBy: ({ label }) => label,
      cell: ({ label, servers }) => <Two first={label} second={servers.join(', ')} />,
    },
    ...(withPerson ? [ofPerson<Grant>()] : []),
    {
      id: 'state',
      header: 'State',
      width: '130px',
      from: 400,
      sortBy: ({ state }) => state,
      cell: ({ state }) => <StatusBadge tone={GRANT_LOOK[state][0]}>{GRANT_LOOK[state][1]}</StatusBadge>,
    },
    {
      id: 'used',
      header: 'Last used',
      width: '130px',
      from: 640,
      sortBy: ({ last_used_at: at }) => at,
      cell: ({ last_used_at: at }) => <Ago at={at} />,
    },
    {
      id: 'ends',
      header: 'Ends',
      width: '120px',
      from: 760,
      sortBy: ({ expires_at: at }) => at,
      cell: ({ expires_at: at }) => <Ago at={at} />,
    },
    {
      id: 'issuer',
      header: 'Issued by',
      width: '150px',
      from: 940,
      sortBy: ({ created_by: by }) => by,
      cell: ({ created_by: by }) => (
        <Text size="sm" truncate title={by}>
          {by}
        </Text>
      ),
    },
    ...(mayEnd
      ? [
          endColumn<Grant>(
            (grant) => (grant.state === 'active' || grant.state === 'suspended') && <RevokeGrant grant={grant} />,
          ),
        ]
      : []),
  ];
}
