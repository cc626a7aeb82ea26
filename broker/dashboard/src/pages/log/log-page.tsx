// The log as it goes on: what was searched for, newest first, and what comes while one looks.
import { Button, Code, Group, Text } from '@mantine/core';
import { useIntersection } from '@mantine/hooks';
import { IconArrowUp, IconListSearch, IconPlayerPause, IconPlayerPlay, IconShieldCheck } from '@tabler/icons-react';
import { getRouteApi } from '@tanstack/react-router';
import { archivesApi } from 'mcpgate-shared/api/audit/archives';
import { useEffect, useState } from 'react';
import { useApi } from '../../api/use-api.ts';
import { countText } from '../../parts/figures.ts';
import { DataTable } from '../../parts/data-table.tsx';
import { Empty } from '../../parts/empty.tsx';
import { ButtonLink } from '../../parts/links.tsx';
import { Lines } from '../../parts/loaded.tsx';
import { Page, Section } from '../../parts/page.tsx';
import { ProblemAlert, ProblemView } from '../../parts/problem-view.tsx';
import { StatusBadge } from '../../parts/status-badge.tsx';
import { Moment, useNow } from '../../parts/time.tsx';
import { LogExport } from './log-export.tsx';
import { LogFilters } from './log-filters.tsx';
import { kindOf, withFilter, type LogSearch } from './log-search.ts';
import { logColumns } from './log-columns.tsx';
import { useLog, type LogLines } from './use-log.ts';
import classes from './log.module.css';

const route = getRouteApi('/shell/log');

export function LogPage() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const [isPaused, setPaused] = useState(false);
  // Nothing is moved under somebody who reads further down.
  const { ref: topRef, entry } = useIntersection();
  const isAtTop = entry?.isIntersecting !== false;
  const isOver = search.until !== undefined;
  const log = useLog(search, !isPaused && isAtTop);
  const change = (changes: Partial<LogSearch>): void =>
    void navigate({ search: (before) => ({ ...before, ...withFilter(search, changes) }), replace: true });

  return (
    <Page
      title="Log"
      lead="Every call, every refusal and every change. That somebody searches, follows or exports it is an event of it, too."
      actions={
        <>
          <ButtonLink to="/log/proof" variant="default" leftSection={<IconShieldCheck size={18} aria-hidden />}>
            Verify and report
          </ButtonLink>
          <LogExport search={search} />
        </>
      }
    >
      <LogFilters search={search} lines={log.lines} onChange={change} />
      <div ref={topRef} className={classes['top']} />
      <Section
        title={titleOf(search)}
        flush
        actions={
          isOver ? (
            <Text size="sm" c="dimmed">
              Of a time that is over
            </Text>
          ) : (
            <>
              <StatusBadge tone={isPaused ? 'quiet' : 'ok'}>{isPaused ? 'Paused' : 'Live'}</StatusBadge>
              <Button
                size="compact-sm"
                variant="subtle"
                leftSection={
                  isPaused ? <IconPlayerPlay size={16} aria-hidden /> : <IconPlayerPause size={16} aria-hidden />
                }
                onClick={() => {
                  if (isPaused) log.showWaiting();
                  setPaused(!isPaused);
                }}
              >
                {isPaused ? 'Go on' : 'Pause'}
              </Button>
            </>
          )
        }
      >
        {log.waiting > 0 && (
          <Group justify="center" className={classes['waiting'] ?? ''}>
            <Button
              size="compact-md"
              radius="xl"
              leftSection={<IconArrowUp size={16} aria-hidden />}
              onClick={() => {
                log.showWaiting();
                window.scrollTo({ top: 0 });
              }}
            >
              {log.waiting.toLocaleString()} new
            </Button>
          </Group>
        )}
        <Found
          search={search}
          log={log}
          onReset={() => void navigate({ search: ({ workspace }) => ({ workspace }) })}
        />
      </Section>
    </Page>
  );
}

const titleOf = (search: LogSearch): string =>
  ({ calls: 'Calls', events: 'Events', both: 'Calls and events' })[kindOf(search) ?? 'both'];

function Found({ search, log, onReset }: { search: LogSearch; log: LogLines; onReset: () => void }) {
  const now = useNow();
  const isFiltered = Object.entries(search).some(([name, value]) => name !== 'workspace' && value !== undefined);
  if (log.error !== null && log.lines.length === 0) return <ProblemView problem={log.error} retry={log.refresh} />;
  if (log.isLoading && log.lines.length === 0)
    return (
      <div aria-busy="true" className={classes['loading']}>
        <Lines count={8} />
      </div>
    );
  return (
    <>
      <DataTable
        label="Records of the log"
        rows={log.lines}
        columns={logColumns(now)}
        rowKey={({ record }) => record.id}
        empty={
          <Empty
            icon={IconListSearch}
            title={isFiltered ? 'Nothing fits these filters' : 'Nothing has happened yet'}
            action={
              isFiltered && (
                <Button variant="default" onClick={onReset}>
                  Take all filters off
                </Button>
              )
            }
          >
            {isFiltered
              ? 'What fits appears here as it happens.'
              : 'The first call of an AI client appears here as it happens.'}
          </Empty>
        }
      />
      <ProblemAlert problem={log.error} retry={log.refresh} />
      {log.hasMore ? <Older log={log} /> : <InArchives search={search} />}
    </>
  );
}

/** The end of the list is not the end of the log where older rows were moved into files. */
function InArchives({ search: { since, until } }: { search: LogSearch }) {
  const query = { ...(since !== undefined && { since }), ...(until !== undefined && { until }) };
  const archives = useApi(archivesApi.list, { query }).data ?? [];
  const [first] = archives;
  const last = archives.at(-1);
  if (first === undefined || last === undefined) return null;
  return (
    <Text size="sm" c="dimmed" p="md" ta="center">
      Not here: records of <Moment at={first.since} /> to <Moment at={last.until} />, which are in{' '}
      {countText(archives.length, 'archive')}. <Code>mcpgate-broker audit export --archives FOLDER</Code> reads them.
    </Text>
  );
}

/** Asks for older records when the end of the list comes near; by its button where a search goes on through what does not fit. */
function Older({ log }: { log: LogLines }) {
  const { ref, entry } = useIntersection({ rootMargin: '1200px' });
  const { more, isLoadingMore, lines } = log;
  const isNear = entry?.isIntersecting === true;
  useEffect(() => {
    if (isNear && !isLoadingMore && log.error === null) more();
    // With each page that has come it is asked anew.
  }, [isNear, isLoadingMore, more, log.error]);
  return (
    <Group ref={ref} justify="center" p="md">
      <Button variant="default" loading={isLoadingMore} onClick={more}>
        {lines.length === 0 ? 'Look further back' : 'Show older ones'}
      </Button>
    </Group>
  );
}
