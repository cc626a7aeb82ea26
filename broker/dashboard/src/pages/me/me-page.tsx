// A person's own page: what they may use, what acts for them and the end of each, and what they did.
import { Button, Stack, Tabs } from '@mantine/core';
import { getRouteApi } from '@tanstack/react-router';
import type { ComponentType } from 'react';
import { useSession } from '../../api/session.tsx';
import { Page, Section } from '../../parts/page.tsx';
import { StatusBadge } from '../../parts/status-badge.tsx';
import { InstallLines } from './install-lines.tsx';
import type { ME_TABS } from './me-tabs.ts';
import { MyAccounts } from './my-accounts.tsx';
import { MyApplications } from './my-applications.tsx';
import { MyCalls } from './my-calls.tsx';
import { MyDevices } from './my-devices.tsx';
import { MyGrants } from './my-grants.tsx';
import { MyRequests } from './my-requests.tsx';
import { MySignIn } from './sign-in/my-sign-in.tsx';
import { MyTools } from './tools/my-tools.tsx';

const route = getRouteApi('/shell/me');

type Tab = (typeof ME_TABS)[number];

const TABS: Readonly<Record<Tab, { label: string; content: ComponentType }>> = {
  tools: { label: 'Tools', content: MyTools },
  accounts: { label: 'Accounts', content: MyAccounts },
  devices: { label: 'Devices', content: Devices },
  grants: { label: 'Grants', content: MyGrants },
  calls: { label: 'Calls', content: MyCalls },
  requests: { label: 'Requests', content: MyRequests },
  'sign-in': { label: 'Sign-in', content: MySignIn },
};

const isTab = (name: string | null): name is Tab => name !== null && name in TABS;

export function MePage() {
  const { user, role } = useSession();
  const { tab = 'tools' } = route.useSearch();
  const navigate = route.useNavigate();
  return (
    <Page
      title={`Hello, ${user.display_name}`}
      badge={<StatusBadge tone="info">{role}</StatusBadge>}
      lead="What you may use here, what acts for you, and what you did."
      actions={
        <Button component="a" href="/device">
          Connect a device
        </Button>
      }
    >
      <Tabs
        value={tab}
        keepMounted={false}
        onChange={(name) => {
          // Each tab begins with its own filters.
          if (isTab(name)) void navigate({ search: ({ workspace }) => ({ workspace, tab: name }) });
        }}
      >
        <Tabs.List mb="lg">
          {Object.entries(TABS).map(([name, { label }]) => (
            <Tabs.Tab key={name} value={name}>
              {label}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        {Object.entries(TABS).map(([name, { content: Content }]) => (
          <Tabs.Panel key={name} value={name}>
            <Content />
          </Tabs.Panel>
        ))}
      </Tabs>
    </Page>
  );
}

function Devices() {
  return (
    <Stack gap="lg">
      <MyDevices />
      <MyApplications />
      <Section title="Another laptop">
        <InstallLines />
      </Section>
    </Stack>
  );
}
