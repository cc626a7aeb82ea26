// What stands in files beside the broker, and is managed by these: how many things of each kind say so, and how to see what was changed by hand since.
import { Code, Stack, Text } from '@mantine/core';
import { bundlesApi } from 'mcpgate-shared/api/bundles/bundles';
import { groupsApi } from 'mcpgate-shared/api/groups';
import { hooksApi } from 'mcpgate-shared/api/hooks/hooks-api';
import { rulesApi } from 'mcpgate-shared/api/rules';
import { serversApi } from 'mcpgate-shared/api/servers';
import { usersApi } from 'mcpgate-shared/api/users';
import { useWhole } from '../../../api/use-whole.ts';
import { CopyLine } from '../../../parts/copy-line.tsx';
import { Facts } from '../../../parts/facts.tsx';
import { countText } from '../../../parts/figures.ts';
import { Section } from '../../../parts/page.tsx';
import { ProblemAlert } from '../../../parts/problem-view.tsx';

type Managed = readonly { managed_by: string | null }[] | undefined;

export function ConfigurationAsCode() {
  const rules = useWhole(rulesApi.list, {});
  const servers = useWhole(serversApi.list, {});
  const bundles = useWhole(bundlesApi.list, {});
  const hooks = useWhole(hooksApi.list, {});
  const groups = useWhole(groupsApi.list, {});
  const people = useWhole(usersApi.list, {});
  const kinds: readonly (readonly [string, Managed])[] = [
    ['rule', rules.data],
    ['server', servers.data],
    ['bundle', bundles.data],
    ['hook', hooks.data],
    ['group', groups.data],
    ['role', people.data],
  ];
  const owners = new Map<string, string[]>();
  for (const [kind, things] of kinds)
    for (const owner of new Set(things?.flatMap(({ managed_by: managedBy }) => managedBy ?? []))) {
      const count = things?.filter(({ managed_by: managedBy }) => managedBy === owner).length ?? 0;
      owners.set(owner, [...(owners.get(owner) ?? []), countText(count, kind)]);
    }
  const error = [rules, servers, bundles, hooks, groups, people].find((query) => query.error !== null)?.error;
  return (
    <Section
      title="As code"
      lead="Rules, servers, bundles, hooks, groups and roles can stand in files, and be applied from there."
    >
      <Stack gap="md">
        <ProblemAlert problem={error} />
        {owners.size === 0 ? (
          <Text size="sm">
            Everything here was made by hand. Write what is there into a file to begin with; secrets are in it by name
            alone:
          </Text>
        ) : (
          <>
            <Facts facts={[...owners].map(([owner, counts]) => [owner, counts.join(', ')] as const)} />
            <Text size="sm">
              Where the files are, this shows what was changed by hand since, and exits with <Code>10</Code> where an
              apply would change something:
            </Text>
          </>
        )}
        <CopyLine
          text={
            owners.size === 0
              ? 'mcpgate-broker config export > mcpgate.yaml'
              : 'mcpgate-broker config plan mcpgate.yaml'
          }
        />
      </Stack>
    </Section>
  );
}
