import { Button, Group } from '@mantine/core';
import { IconKey, IconPlus } from '@tabler/icons-react';
import { grantsApi } from 'mcpgate-shared/api/grants';
import { useMemo, useState } from 'react';
import { useSession } from '../../../api/session.tsx';
import { useWhole } from '../../../api/use-whole.ts';
import { DataTable } from '../../../parts/data-table.tsx';
import { Empty } from '../../../parts/empty.tsx';
import { IssueGrant } from '../../../parts/credentials/issue-grant.tsx';
import { Loaded } from '../../../parts/loaded.tsx';
import { Section } from '../../../parts/page.tsx';
import { grantColumns } from './credential-columns.tsx';
import { EndedSwitch, holdsWords, SearchField, usePeopleSearch } from '../people-search.tsx';

/** The grants of everybody and of nobody. */
export function AllGrants() {
  const grants = useWhole(grantsApi.list, {});
  const mayEnd = useSession().may('others_things');
  const columns = useMemo(() => grantColumns({ mayEnd, withPerson: true }), [mayEnd]);
  const { search, sorting } = usePeopleSearch();
  const [isIssuing, setIssuing] = useState(false);
  return (
    <>
      <Group gap="md" justify="space-between">
        <Group gap="md">
          <SearchField placeholder="Search by label, person or server" />
          <EndedSwitch label="Also those that have ended" />
        </Group>
        {mayEnd && (
          <Button variant="default" leftSection={<IconPlus size={18} aria-hidden />} onClick={() => setIssuing(true)}>
            Issue a grant
          </Button>
        )}
      </Group>
      <Section title="Grants" flush>
        <Loaded query={grants}>
          {(all) => (
            <DataTable
              label="Grants"
              rows={all.filter(
                ({ label, user, servers, state }) =>
                  (search.ended === true || state === 'active' || state === 'suspended') &&
                  holdsWords(search.q, label, user, ...servers),
              )}
              columns={columns}
              rowKey={({ id }) => id}
              {...sorting({ id: 'label' })}
              empty={
                <Empty icon={IconKey} title={search.q === undefined ? 'No grant is good now' : 'No grant fits'}>
                  {search.q === undefined
                    ? 'Issue one for a build or a script that has to call tools without a laptop.'
                    : 'Search for a part of its label, its person or its servers.'}
                </Empty>
              }
            />
          )}
        </Loaded>
      </Section>
      <IssueGrant opened={isIssuing} onClose={() => setIssuing(false)} />
    </>
  );
}
