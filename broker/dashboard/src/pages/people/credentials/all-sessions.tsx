import { IconLogin2 } from '@tabler/icons-react';
import { sessionsApi } from 'mcpgate-shared/api/devices';
import { useMemo } from 'react';
import { useSession } from '../../../api/session.tsx';
import { useWhole } from '../../../api/use-whole.ts';
import { browserName } from '../../../parts/browser-name.ts';
import { DataTable } from '../../../parts/data-table.tsx';
import { Empty } from '../../../parts/empty.tsx';
import { Loaded } from '../../../parts/loaded.tsx';
import { Section } from '../../../parts/page.tsx';
import { sessionColumns } from './credential-columns.tsx';
import { holdsWords, SearchField, usePeopleSearch } from '../people-search.tsx';

/** The sign-ins of everybody. */
export function AllSessions() {
  const sessions = useWhole(sessionsApi.list, {});
  const mayEnd = useSession().may('others_things');
  const columns = useMemo(() => sessionColumns({ mayEnd, withPerson: true }), [mayEnd]);
  const { search, sorting } = usePeopleSearch();
  return (
    <>
      <SearchField placeholder="Search by person, browser or address" />
      <Section title="Sign-ins" flush>
        <Loaded query={sessions}>
          {(all) => (
            <DataTable
              label="Sign-ins"
              rows={all.filter(({ kind, label, user, address }) =>
                holdsWords(search.q, kind === 'web' ? browserName(label) : label, user, address),
              )}
              columns={columns}
              rowKey={({ id }) => id}
              {...sorting({ id: 'used', desc: true })}
              empty={
                <Empty icon={IconLogin2} title={search.q === undefined ? 'Nobody is signed in' : 'No sign-in fits'}>
                  {search.q === undefined
                    ? 'Laptops, applications and browsers stand here once they have signed in.'
                    : 'Search for a part of the name, the person or the address.'}
                </Empty>
              }
            />
          )}
        </Loaded>
      </Section>
    </>
  );
}
