// How old the secrets are that servers use, the oldest first.
import { Text } from '@mantine/core';
import { secretsApi, type Secret } from 'mcpgate-shared/api/secrets';
import { useApi } from '../../api/use-api.ts';
import { Bars } from '../../parts/charts/chart.tsx';
import { countText } from '../../parts/figures.ts';
import { Loaded } from '../../parts/loaded.tsx';
import { Section } from '../../parts/page.tsx';
import { useNow } from '../../parts/time.tsx';

const DAY_MS = 86_400_000;
const MOST = 8;

export function AgesOfSecrets() {
  const secrets = useApi(secretsApi.list, {});
  return (
    <Section title="How old secrets are" lead="The oldest of those that servers use, since their value was set here">
      <Loaded query={secrets}>{(all) => <Ages secrets={all} />}</Loaded>
    </Section>
  );
}

function Ages({ secrets }: { secrets: readonly Secret[] }) {
  const now = useNow();
  const oldest = secrets
    .filter(({ servers, reading }) => servers.length > 0 && reading === null)
    .map(({ name, created_at: at }) => ({ name, days: Math.max(0, Math.floor((now - Date.parse(at)) / DAY_MS)) }))
    .toSorted((one, other) => other.days - one.days)
    .slice(0, MOST);
  if ((oldest[0]?.days ?? 0) === 0)
    return (
      <Text size="sm" c="dimmed">
        {oldest.length === 0 ? 'No server uses a secret that is kept here.' : 'None of them is a day old yet.'}
      </Text>
    );
  return (
    <Bars
      rows={oldest}
      valueText={daysText}
      summary={`The oldest: ${oldest.map(({ name, days }) => `${name}, ${days === 0 ? 'less than a day' : daysText(days)}`).join('; ')}`}
      series={[{ name: 'days', label: 'Age', color: 'var(--gate-series-ok)' }]}
    />
  );
}

const daysText = (days: number): string => (days === 0 ? '0' : countText(days, 'day'));
