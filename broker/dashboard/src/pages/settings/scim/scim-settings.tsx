// SCIM: where the identity provider speaks it, by which tokens, and what it keeps here.
import { Button, Code, Stack, Text } from '@mantine/core';
import { IconUsersPlus } from '@tabler/icons-react';
import { adminTokensApi, type AdminToken } from 'mcpgate-shared/api/admin-tokens';
import { settingsApi } from 'mcpgate-shared/api/settings/settings-api';
import { useState } from 'react';
import { useApi } from '../../../api/use-api.ts';
import { useWhole } from '../../../api/use-whole.ts';
import { CopyLine } from '../../../parts/copy-line.tsx';
import { Empty } from '../../../parts/empty.tsx';
import { Facts } from '../../../parts/facts.tsx';
import { Loaded } from '../../../parts/loaded.tsx';
import { Section } from '../../../parts/page.tsx';
import { StatusBadge } from '../../../parts/status-badge.tsx';
import { Ago } from '../../../parts/time.tsx';
import { IssueToken } from '../tokens/issue-token.tsx';
import { TokenTable } from '../tokens/token-table.tsx';

export function ScimSettings() {
  const state = useApi(settingsApi.scim, {});
  const tokens = useWhole(adminTokensApi.list, { query: { state: 'active', role: 'scim' } });
  const [isIssuing, setIssuing] = useState(false);
  const [before, setBefore] = useState<AdminToken>();
  const issue = (after?: AdminToken): void => {
    setBefore(after);
    setIssuing(true);
  };
  return (
    <Stack gap="lg">
      <Loaded query={state}>
        {({ url, people, people_owned: ownPeople, groups, groups_owned: ownGroups, last_request_at: at }) => (
          <>
            <Section
              title="What it keeps here"
              actions={
                at === null ? (
                  <StatusBadge tone="quiet">never asked</StatusBadge>
                ) : (tokens.data?.length ?? 0) > 0 ? (
                  <StatusBadge tone="ok">in use</StatusBadge>
                ) : (
                  <StatusBadge tone="warn">no token is good</StatusBadge>
                )
              }
            >
              <Facts
                facts={[
                  ['Last request', <Ago key="at" at={at} />],
                  ['People', `${ownPeople.toLocaleString()} of ${people.toLocaleString()} are the provider’s`],
                  ['Groups', `${ownGroups.toLocaleString()} of ${groups.toLocaleString()} are the provider’s`],
                ]}
              />
            </Section>
            <Section
              title="To set up there"
              lead="The base URL of this workspace’s SCIM 2.0, and a token as bearer authentication."
            >
              <CopyLine text={url} label="the base URL" />
            </Section>
          </>
        )}
      </Loaded>
      <Section
        title="Tokens"
        lead="Each manages people and groups, and can do nothing else."
        actions={
          <Button size="sm" onClick={() => issue()}>
            Issue a token
          </Button>
        }
        flush
      >
        <Loaded query={tokens}>
          {(all) => (
            <TokenTable
              label="SCIM tokens"
              tokens={all}
              rotate={issue}
              empty={
                <Empty icon={IconUsersPlus} title="No provider speaks SCIM here">
                  Issue a token and give it to your identity provider with the base URL. Whoever leaves the company then
                  loses their access here at once.
                </Empty>
              }
            />
          )}
        </Loaded>
        <IssueToken
          opened={isIssuing}
          onClose={() => setIssuing(false)}
          roles={['scim']}
          before={before}
          use={
            state.data !== undefined && (
              <Stack gap={6}>
                <Text size="sm">
                  The provider sends it as <Code>Authorization: Bearer …</Code> to
                </Text>
                <CopyLine text={state.data.url} label="the base URL" />
              </Stack>
            )
          }
        />
      </Section>
    </Stack>
  );
}
