// Who may do what: what waits for somebody's yes, the rules, the matrix of people and tools, bundles, and why a call is decided as it is.
import { Badge, Tabs } from '@mantine/core';
import { getRouteApi } from '@tanstack/react-router';
import { requestsApi } from 'mcpgate-shared/api/rules/requests';
import { rulesApi } from 'mcpgate-shared/api/rules';
import { useApi } from '../../api/use-api.ts';
import { ButtonLink } from '../../parts/links.tsx';
import { Page } from '../../parts/page.tsx';
import { StatusBadge } from '../../parts/status-badge.tsx';
import type { AccessSearch } from './access-search.ts';
import { BundlesTab } from './bundles/bundles-tab.tsx';
import { MatrixTab } from './matrix/matrix-tab.tsx';
import { RequestsTab } from './requests/requests-tab.tsx';
import { RulesTab } from './rules/rules-tab.tsx';
import { WhyTab } from './why/why-tab.tsx';

const route = getRouteApi('/shell/access');

type Tab = NonNullable<AccessSearch['tab']>;

const TABS: readonly (readonly [Tab, string])[] = [
  ['requests', 'Requests'],
  ['rules', 'Rules'],
  ['matrix', 'Who can do what'],
  ['bundles', 'Bundles'],
  ['why', 'Why was it denied?'],
];

const isTab = (text: string | null): text is Tab => TABS.some(([tab]) => tab === text);

export function AccessPage() {
  const { tab = 'requests' } = route.useSearch();
  const navigate = route.useNavigate();
  const enforcement = useApi(rulesApi.enforcement, {});
  const requests = useApi(requestsApi.list, { query: { all: 'true' } });
  const waiting = requests.data?.filter(({ state }) => state === 'open').length ?? 0;
  const mode = enforcement.data?.enforcement;
  return (
    <Page
      title="Access"
      lead="Who may use which tools, by which rule, and what waits for somebody’s yes."
      badge={
        mode !== undefined &&
        mode !== 'enforce' && (
          <StatusBadge tone={mode === 'off' ? 'danger' : 'warn'}>
            {mode === 'off' ? 'Rules are not asked' : 'Rules only observe'}
          </StatusBadge>
        )
      }
      actions={<ButtonLink to="/access/rules/new">Add a rule</ButtonLink>}
    >
      <Tabs
        value={tab}
        keepMounted={false}
        onChange={(next) => isTab(next) && void navigate({ search: next === 'requests' ? {} : { tab: next } })}
      >
        <Tabs.List mb="lg">
          {TABS.map(([value, label]) => (
            <Tabs.Tab
              key={value}
              value={value}
              {...(value === 'requests' &&
                waiting > 0 && {
                  rightSection: (
                    <Badge size="sm" circle={waiting < 10}>
                      {waiting}
                    </Badge>
                  ),
                })}
            >
              {label}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value="requests">
          <RequestsTab requests={requests} />
        </Tabs.Panel>
        <Tabs.Panel value="rules">
          <RulesTab />
        </Tabs.Panel>
        <Tabs.Panel value="matrix">
          <MatrixTab />
        </Tabs.Panel>
        <Tabs.Panel value="bundles">
          <BundlesTab />
        </Tabs.Panel>
        <Tabs.Panel value="why">
          <WhyTab />
        </Tabs.Panel>
      </Tabs>
    </Page>
  );
}
