// How it goes, in one look: what needs somebody first, then what happens.
import { SegmentedControl, SimpleGrid } from '@mantine/core';
import { getRouteApi } from '@tanstack/react-router';
import { lazy, Suspense } from 'react';
import { ACTIVITY_HOURS, activityApi, type Activity } from 'mcpgate-shared/api/dashboard/activity';
import { requestsApi, type Request } from 'mcpgate-shared/api/rules/requests';
import { statusApi, type Status } from 'mcpgate-shared/api/status';
import { useApi } from '../../api/use-api.ts';
import { CALL_SERIES, callPoints, together } from '../../parts/charts/call-series.ts';
import { RateChart } from '../../parts/charts/chart.tsx';
import { countText } from '../../parts/figures.ts';
import { Figure } from '../../parts/figure.tsx';
import { Lines, Loaded } from '../../parts/loaded.tsx';
import { Page, Section } from '../../parts/page.tsx';
import { clockText } from '../../parts/time.tsx';
import { NeedsAttention } from './needs-attention.tsx';

const route = getRouteApi('/shell/overview');
const MINUTE_MS = 60_000;
/** A bar each, so that they stay wide enough to be seen: minutes of an hour, or five of them. */
const SPANS = [
  { hours: 1, stepMs: MINUTE_MS, label: '1 hour', title: 'Calls a minute' },
  { hours: ACTIVITY_HOURS, stepMs: 5 * MINUTE_MS, label: `${ACTIVITY_HOURS} hours`, title: 'Calls in five minutes' },
] as const;

/** Below what is seen first; its table is as large as the rest of this page. */
const BusyServers = lazy(async () => ({ default: (await import('./busy-servers.tsx')).BusyServers }));

const LatencyOfServers = lazy(async () => ({ default: (await import('./latency-of-servers.tsx')).LatencyOfServers }));
const AgesOfSecrets = lazy(async () => ({ default: (await import('./ages-of-secrets.tsx')).AgesOfSecrets }));

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
  const { minutes, servers } = activity;
  const [calls, errors] = [sumOf(minutes, 'calls'), sumOf(minutes, 'tool_errors')];
  const [failed, denied] = [sumOf(minutes, 'failed'), sumOf(minutes, 'denied')];
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
          note={
            status.enforcement === 'enforce'
              ? 'by rules, hooks, limits or people'
              : `enforcement is ${status.enforcement}`
          }
        />
        <Figure
          label="Waiting for a yes"
          value={requests.length}
          tone={requests.length > 0 ? 'warn' : 'quiet'}
          note={requests[0] === undefined ? 'nothing waits' : `from ${requests.at(-1)?.who ?? ''}`}
        />
      </SimpleGrid>
      <CallsOverTime />
      <Suspense fallback={<Lines count={4} />}>
        <SimpleGrid cols={{ base: 1, lg: 2 }} spacing="md">
          <LatencyOfServers servers={servers} />
          <AgesOfSecrets />
        </SimpleGrid>
        <BusyServers servers={servers} />
      </Suspense>
    </>
  );
}

function CallsOverTime() {
  const { hours = 1 } = route.useSearch();
  const navigate = route.useNavigate();
  const activity = useApi(activityApi.get, hours === 1 ? {} : { query: { hours } });
  const span = SPANS.find((each) => each.hours === hours) ?? SPANS[0];
  const since = activity.data && clockText(Date.parse(activity.data.since));
  return (
    <Section
      title={span.title}
      lead={since === undefined ? undefined : `Since ${since}, at this broker`}
      actions={
        <SegmentedControl
          aria-label="How far back"
          size="xs"
          data={SPANS.map((each) => ({ value: String(each.hours), label: each.label }))}
          value={String(span.hours)}
          onChange={(chosen) => {
            const next = Number(chosen) === 1 ? undefined : ACTIVITY_HOURS;
            void navigate({ search: (before) => ({ ...before, hours: next }), replace: true });
          }}
        />
      }
    >
      <Loaded query={activity}>
        {({ minutes }) => (
          <RateChart
            height={240}
            summary={summaryOf(minutes, since ?? '')}
            points={callPoints(together(minutes, span.stepMs), {
              stepMs: span.stepMs,
              count: (span.hours * 60 * MINUTE_MS) / span.stepMs,
            })}
            series={CALL_SERIES}
          />
        )}
      </Loaded>
    </Section>
  );
}

const sumOf = (minutes: Activity['minutes'], name: 'calls' | 'tool_errors' | 'failed' | 'denied'): number =>
  minutes.reduce((all, minute) => all + minute[name], 0);

function summaryOf(minutes: Activity['minutes'], since: string): string {
  const errors = countText(sumOf(minutes, 'tool_errors'), 'tool error');
  const [calls, failed, denied] = [sumOf(minutes, 'calls'), sumOf(minutes, 'failed'), sumOf(minutes, 'denied')];
  return `${countText(calls, 'call')} since ${since}: ${failed} failed, ${errors}, ${denied} denied`;
}
