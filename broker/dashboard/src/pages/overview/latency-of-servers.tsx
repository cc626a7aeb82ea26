// The slowest servers of the last hour beside each other.
import { Text } from '@mantine/core';
import type { Activity } from 'mcpgate-shared/api/dashboard/activity';
import { Bars } from '../../parts/charts/chart.tsx';
import { msText } from '../../parts/figures.ts';
import { Section } from '../../parts/page.tsx';

const MOST = 8;

export function LatencyOfServers({ servers }: { servers: Activity['servers'] }) {
  const slowest = servers
    .flatMap(({ name, p50_ms: usual, p95_ms: slow }) =>
      usual === null || slow === null ? [] : [{ name, usual, slow }],
    )
    .toSorted((one, other) => other.slow - one.slow)
    .slice(0, MOST);
  return (
    <Section title="How long servers take" lead="The slowest of the last hour, at this broker">
      {slowest.length === 0 ? (
        <Text size="sm" c="dimmed">
          No call has reached a server in the last hour.
        </Text>
      ) : (
        <Bars
          rows={slowest}
          valueText={msText}
          summary={`The slowest: ${slowest.map(({ name, usual, slow }) => `${name} usually ${msText(usual)}, of the slowest 5 % ${msText(slow)}`).join('; ')}`}
          series={[
            { name: 'usual', label: 'Usually', color: 'var(--gate-series-ok)' },
            { name: 'slow', label: 'Slowest 5 %', color: 'var(--gate-series-warn)' },
          ]}
        />
      )}
    </Section>
  );
}
