import { Group } from '@mantine/core';
import { IconDeviceLaptop } from '@tabler/icons-react';
import { devicesApi } from 'mcpgate-shared/api/devices';
import { useMemo } from 'react';
import { useSession } from '../../../api/session.tsx';
import { useWhole } from '../../../api/use-whole.ts';
import { DataTable } from '../../../parts/data-table.tsx';
import { Empty } from '../../../parts/empty.tsx';
import { Loaded } from '../../../parts/loaded.tsx';
import { Section } from '../../../parts/page.tsx';
import { deviceColumns } from './credential-columns.tsx';
import { EndedSwitch, holdsWords, SearchField, usePeopleSearch } from '../people-search.tsx';

/** The devices of everybody. */
export function AllDevices() {
  const devices = useWhole(devicesApi.list, {});
  const mayEnd = useSession().may('others_things');
  const columns = useMemo(() => deviceColumns({ mayEnd, withPerson: true }), [mayEnd]);
  const { search, sorting } = usePeopleSearch();
  return (
    <>
      <Group gap="md">
        <SearchField placeholder="Search by device, person or address" />
        <EndedSwitch label="Also those that are revoked" />
      </Group>
      <Section title="Devices" flush>
        <Loaded query={devices}>
          {(all) => (
            <DataTable
              label="Devices"
              rows={all.filter(
                ({ name, user, address, platform, revoked_at: revokedAt }) =>
                  (search.ended === true || revokedAt === null) && holdsWords(search.q, name, user, address, platform),
              )}
              columns={columns}
              rowKey={({ id }) => id}
              {...sorting({ id: 'seen', desc: true })}
              empty={
                <Empty
                  icon={IconDeviceLaptop}
                  title={search.q === undefined ? 'No device has logged in' : 'No device fits'}
                >
                  {search.q === undefined
                    ? 'A laptop comes here with mcpgate login.'
                    : 'Search for a part of its name, its person or its address.'}
                </Empty>
              }
            />
          )}
        </Loaded>
      </Section>
    </>
  );
}
