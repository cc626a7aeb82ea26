// The laptops on which a person is logged in.
import { Text } from '@mantine/core';
import { IconDeviceLaptop } from '@tabler/icons-react';
import { devicesApi, sessionsApi, type Device } from 'mcpgate-shared/api/devices';
import { useSession } from '../../api/session.tsx';
import { useApi, useChange } from '../../api/use-api.ts';
import { DataTable, type Column } from '../../parts/data-table.tsx';
import { Empty } from '../../parts/empty.tsx';
import { EndButton } from '../../parts/confirm.tsx';
import { Loaded } from '../../parts/loaded.tsx';
import { Section } from '../../parts/page.tsx';
import { StatusBadge } from '../../parts/status-badge.tsx';
import { Ago } from '../../parts/time.tsx';
import { toastDone } from '../../parts/toast.tsx';

export function MyDevices() {
  const { user } = useSession();
  const devices = useApi(devicesApi.list, { query: { user: user.name } });
  return (
    <Section title="Devices" flush>
      <Loaded query={devices}>
        {(all) => (
          <DataTable
            label="Your devices"
            rows={all.filter(({ revoked_at: revokedAt }) => revokedAt === null)}
            columns={COLUMNS}
            rowKey={({ id }) => id}
            sort={{ id: 'seen', desc: true }}
            empty={
              <Empty icon={IconDeviceLaptop} title="No device is connected yet">
                Run the two lines below on your laptop.
              </Empty>
            }
          />
        )}
      </Loaded>
    </Section>
  );
}

const COLUMNS: readonly Column<Device>[] = [
  {
    id: 'name',
    header: 'Device',
    width: 'minmax(140px, 2fr)',
    sortBy: ({ name }) => name,
    cell: ({ name, platform, address }) => (
      <>
        <Text size="sm" fw={600}>
          {name}
        </Text>
        <Text size="xs" c="dimmed">
          {platform} · {address}
        </Text>
      </>
    ),
  },
  {
    id: 'state',
    header: 'State',
    width: '150px',
    from: 560,
    sortBy: ({ connected }) => connected,
    cell: ({ connected, logged_in: loggedIn }) => (
      <StatusBadge tone={connected ? 'ok' : 'quiet'}>
        {connected ? 'Connected' : loggedIn ? 'Not connected' : 'Logged out'}
      </StatusBadge>
    ),
  },
  {
    id: 'seen',
    header: 'Last seen',
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
    cell: (device) => <EndDevice device={device} />,
  },
];

function EndDevice({ device: { id, name } }: { device: Device }) {
  const revoke = useChange(devicesApi.revoke, {
    changes: [devicesApi.list, sessionsApi.list],
    onDone: ({ links_closed: links, ms }) =>
      toastDone({
        message: `${name} has no access any more: ${links} links closed in ${ms} ms.`,
        subject: `device:${id}`,
      }),
  });
  return (
    <EndButton
      label={`Disconnect ${name}`}
      question={{
        title: `Disconnect ${name}?`,
        consequences: [
          'Its AI clients lose every tool at once, and calls under way are cancelled.',
          'To use it again, somebody must run mcpgate login there.',
        ],
        action: 'Disconnect it',
        run: () => revoke.mutateAsync({ params: { id } }),
      }}
    >
      Disconnect
    </EndButton>
  );
}
