// Everybody and what they come with: people, groups, devices, grants and sign-ins, each as a list that is searched and sorted in the address.
import { Button } from '@mantine/core';
import { IconDeviceLaptop, IconKey, IconLogin2, IconUserPlus, IconUsers, IconUsersGroup } from '@tabler/icons-react';
import { useState } from 'react';
import { useSession } from '../../api/session.tsx';
import { Page } from '../../parts/page.tsx';
import { PageTabs } from '../../parts/page-tabs.tsx';
import { AllDevices } from './credentials/all-devices.tsx';
import { AllGrants } from './credentials/all-grants.tsx';
import { AllGroups } from './groups/all-groups.tsx';
import { AllPeople } from './all-people.tsx';
import { AllSessions } from './credentials/all-sessions.tsx';
import { Receipts } from './credentials/receipts.tsx';
import { Invite } from './invite.tsx';
import type { PeopleTab } from './people-address.ts';
import { usePeopleSearch } from './people-search.tsx';

const LEADS: Readonly<Record<PeopleTab, string>> = {
  people: 'Who may come in here, what they may administer, and when they were seen last.',
  groups: 'Rules name groups. Whoever comes into one or leaves it is under its rules at once.',
  devices: 'Laptops that have logged in. One that is revoked has to log in again.',
  grants: 'Tokens for what is no laptop: a build, a script, a service. Each is bound to servers.',
  sessions: 'Logins that last, of laptops, applications and browsers.',
};

export function PeoplePage() {
  const { search, set } = usePeopleSearch();
  const isAdmin = useSession().may('admin');
  const [isInviting, setInviting] = useState(false);
  const shown = search.tab ?? 'people';
  return (
    <Page
      title="People"
      lead={LEADS[shown]}
      actions={
        isAdmin && (
          <Button leftSection={<IconUserPlus size={18} aria-hidden />} onClick={() => setInviting(true)}>
            Invite somebody
          </Button>
        )
      }
    >
      <Receipts>
        <PageTabs
          label="People"
          shown={shown}
          // Another list is searched, sorted and filtered by other things.
          onShow={(tab) =>
            set({
              tab: tab === 'people' ? undefined : tab,
              ...{ q: undefined, role: undefined, state: undefined },
              ...{ group: undefined, sort: undefined, ended: undefined },
            })
          }
          tabs={[
            { name: 'people', title: 'People', icon: IconUsers, content: <AllPeople /> },
            { name: 'groups', title: 'Groups', icon: IconUsersGroup, content: <AllGroups /> },
            { name: 'devices', title: 'Devices', icon: IconDeviceLaptop, content: <AllDevices /> },
            { name: 'grants', title: 'Grants', icon: IconKey, content: <AllGrants /> },
            { name: 'sessions', title: 'Sign-ins', icon: IconLogin2, content: <AllSessions /> },
          ]}
        />
      </Receipts>
      <Invite opened={isInviting} onClose={() => setInviting(false)} />
    </Page>
  );
}
