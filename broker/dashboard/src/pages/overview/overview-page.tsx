// How it goes, in one look: what needs somebody first, then what happens.
import { SimpleGrid } from '@mantine/core';
import { lazy, Suspense } from 'react';
import { activityApi, type Activity } from 'mcpgate-shared/api/dashboard/activity';
import { requestsApi, type Request } from 'mcpgate-shared/api/rules/requests';
import { statusApi, type Status } from 'mcpgate-shared/api/status';
import { useApi } from '../../api/use-api.ts';
import { RateChart } from '../../parts/chart.tsx';
import type { RatePoint } from '../../parts/chart-drawn.tsx';
import { countText } from '../../parts/figures.ts';
import { Figure } from '../../parts/figure.tsx';
import { Lines, Loaded } from '../../parts/loaded.tsx';
import { Page, Section } from '../../parts/page.tsx';
import { clockText } from '../../parts/time.tsx';
import { NeedsAttention } from './needs-attention.tsx';

/** Below what is seen first; its table is as large as the rest of this page. */
const BusyServers = lazy(async () => ({ default: (await import('./busy-servers.tsx')).BusyServers }));

export function OverviewPage() {
  const status = useApi(statusApi.status, {});
  const activity = useApi(activityApi.get, {});
  const requests = useApi(requestsApi.list, {});
  return (
    <Page title="Overview">
      <Loaded query={status}>
        {(now) => (
          <Loaded query={activity}>
            {(hour) => (
              <Loaded query={requests}>
                {(all) => (
                  <Overview status={now} activity={hour} requests={all.filter(({ state }) => state === 'open')} />
                )}
              </Loaded>
            )}
          </Loaded>
        )}
      </Loaded>
    </Page>
  );
}

interface OverviewProps {
  status: Status;
  activity: Activity;
  requests: readonly Request[];
}

function Overview({ status, activity, requests }: OverviewProps) {
  const { minutes, servers, since } = activity;
  const sum = (name: 'calls' | 'tool_errors' | 'failed' | 'denied') =>
    minutes.reduce((all, minute) => all + minute[name], 0);
  const [calls, errors, failed, denied] = [sum('calls'), sum('tool_errors'), sum('failed'), sum('denied')];
  const last = minutes.at(-2)?.calls ?? 0;
  return (
    <>
      <NeedsAttention status={status} waiting={requests.length} />
      <SimpleGrid cols={{ base: 2, sm: 3, lg: 5 }} spacing="md">
        <Figure label="Live links" value={status.links} note={countText(status.channels, 'AI client')} />
        <Figure label="Calls" value={calls} note={`${last} in the last whole minute`} />
        <Figure
          label="Failed"
          value={failed + errors}
          tone={failed > 0 ? 'danger' : 'quiet'}
          note={`${countText(errors, 'tool error')} among them`}
        />
        <Figure
          label="Denied"
          value={denied}
          note={status.enforcement === 'enforce' ? 'by rules' : `enforcement is ${status.enforcement}`}
        />
        <Figure
          label="Waiting for a yes"
          value={requests.length}
          tone={requests.length > 0 ? 'warn' : 'quiet'}
          note={requests[0] === undefined ? 'nothing waits' : `from ${requests.at(-1)?.who ?? ''}`}
        />
      </SimpleGrid>
      <Section title="Calls a minute" lead={`Since ${clockText(Date.parse(since))}, at this broker`}>
        <RateChart
          height={240}
          summary={`${countText(calls, 'call')} since ${clockText(Date.parse(since))}: ${failed} failed, ${countText(errors, 'tool error')}, ${denied} denied`}
          points={pointsOf(minutes)}
          series={[
            { name: 'ok', label: 'Answered', color: 'var(--gate-series-ok)' },
            { name: 'toolErrors', label: 'Tool errors', color: 'var(--gate-series-warn)' },
            { name: 'failed', label: 'Failed', color: 'var(--gate-series-danger)' },
            { name: 'denied', label: 'Denied', color: 'var(--gate-series-denied)' },
          ]}
        />
      </Section>
      <Suspense fallback={<Lines count={4} />}>
        <BusyServers servers={servers} />
      </Suspense>
    </>
  );
}

const MINUTE_MS = 60_000;
/** What the chart is wide for: a bar of a broker that has just started stands at its end, not alone in the middle of nothing. */
const CHART_MINUTES = 60;

/** Minutes before the broker started have no figures, not zeros. */
function pointsOf(minutes: Activity['minutes']): RatePoint[] {
  const first = Date.parse(minutes[0]?.at ?? new Date().toISOString());
  const missing = Math.max(0, CHART_MINUTES - minutes.length);
  return [
    ...Array.from({ length: missing }, (_, index) => ({ at: first - (missing - index) * MINUTE_MS })),
    ...minutes.map(({ at, calls, tool_errors: toolErrors, failed, denied }) => ({
      at: Date.parse(at),
      ok: calls - toolErrors - failed - denied,
      ...{ toolErrors, failed, denied },
    })),
  ];
}
