// How one server was in the last hours: how often it was called, and how long it took.
import { SimpleGrid } from '@mantine/core';
import { ACTIVITY_HOURS, activityApi, type Activity } from 'mcpgate-shared/api/dashboard/activity';
import { useApi } from '../../api/use-api.ts';
import { CALL_SERIES, callPoints, unknownBefore } from '../../parts/charts/call-series.ts';
import type { RatePoint } from '../../parts/charts/chart-drawn.tsx';
import { LevelChart, RateChart } from '../../parts/charts/chart.tsx';
import { countText, msText } from '../../parts/figures.ts';
import { Loaded } from '../../parts/loaded.tsx';
import { Section } from '../../parts/page.tsx';

const STEP_MS = 600_000;
const STEPS = { stepMs: STEP_MS, count: (ACTIVITY_HOURS * 3_600_000) / STEP_MS };
const HEIGHT = 200;

export function ServerActivity({ server }: { server: string }) {
  const activity = useApi(activityApi.get, { query: { server } });
  return (
    <Section title={`The last ${ACTIVITY_HOURS} hours`} lead="By ten minutes, at this broker, as far as it has run">
      <Loaded query={activity}>{({ history }) => <Charts history={history} />}</Loaded>
    </Section>
  );
}

function Charts({ history }: { history: Activity['history'] }) {
  const sum = (name: 'calls' | 'tool_errors' | 'failed' | 'denied') =>
    history.reduce((all, each) => all + each[name], 0);
  const took = history.flatMap(({ p95_ms: ms }) => ms ?? []);
  return (
    <SimpleGrid cols={{ base: 1, lg: 2 }} spacing="lg">
      <RateChart
        height={HEIGHT}
        points={callPoints(history, STEPS)}
        series={CALL_SERIES}
        summary={`${countText(sum('calls'), 'call')}: ${sum('failed')} failed, ${countText(sum('tool_errors'), 'tool error')}, ${sum('denied')} denied`}
      />
      <LevelChart
        height={HEIGHT}
        points={[...unknownBefore(history, STEPS), ...history.map(levelOf)]}
        valueText={msText}
        series={[
          { name: 'usual', label: 'Usually', color: 'var(--gate-series-ok)' },
          { name: 'slow', label: 'Slowest 5 %', color: 'var(--gate-series-warn)' },
        ]}
        summary={
          took.length === 0
            ? 'No call has reached it'
            : `Of the slowest 5 % of calls: ${msText(Math.min(...took))} to ${msText(Math.max(...took))}`
        }
      />
    </SimpleGrid>
  );
}

/** Without a call that reached it nothing is known. */
const levelOf = ({ at, p50_ms: usual, p95_ms: slow }: Activity['history'][number]): RatePoint => ({
  at: Date.parse(at),
  ...(usual !== null && slow !== null && { usual, slow }),
});
