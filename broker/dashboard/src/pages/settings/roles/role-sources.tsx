// Groups of the identity provider that give roles at each sign-in.
import { Code } from '@mantine/core';
import { settingsApi } from 'mcpgate-shared/api/settings/settings-api';
import { useApi } from '../../../api/use-api.ts';
import { Facts } from '../../../parts/facts.tsx';
import { Section } from '../../../parts/page.tsx';
import { ProblemAlert } from '../../../parts/problem-view.tsx';

export function RoleSources() {
  const { data, error } = useApi(settingsApi.signIn, {});
  const mapping = data?.identity_provider?.role_mapping ?? null;
  // Administrators of other workspaces do not see how the broker is set up.
  if (error !== null && error.kind !== 'forbidden') return <ProblemAlert problem={error} />;
  if (mapping === null) return null;
  return (
    <Section
      title="Groups at the identity provider"
      lead="Each sign-in sets the role by these. The highest counts, and who is in none is a member."
    >
      <Facts
        facts={Object.entries(mapping).map(([group, role]) => [role, <Code key={group}>{group}</Code>] as const)}
      />
    </Section>
  );
}
