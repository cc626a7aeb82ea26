// What stands in a row of the log.
import { Text } from '@mantine/core';
import type { Event, TailLine } from 'mcpgate-shared/api/audit';
import { detailsOf } from 'mcpgate-shared/api/audit/change-text';
import { Fragment, type ReactNode } from 'react';
import type { Column } from '../../parts/data-table.tsx';
import { msText } from '../../parts/figures.ts';
import { AnchorLink } from '../../parts/links.tsx';
import { withLocalTimes } from '../../parts/local-time.ts';
import { StatusBadge } from '../../parts/status-badge.tsx';
import { momentText } from '../../parts/time.tsx';
import { clientOf, saidOf, dayText, resultOf, timeOfDay, whatOf, whoOf, zoneText } from './record-words.ts';
import classes from './log.module.css';

function Second({ children }: { children: string }) {
  return (
    <Text size="xs" c="dimmed" lineClamp={1}>
      {children}
    </Text>
  );
}

/** Who it was, where there is no room for a column of them. */
const WhoBelow = ({ children }: { children: string }) => (
  <Text size="xs" className={classes['who'] ?? ''}>
    {children}
  </Text>
);

/** A name that is too long is broken behind its parts, and not in the middle of a word. */
const breakable = (name: string): ReactNode =>
  name.split(/(?<=[._])(?![._])/).map((part, index) => (
    <Fragment key={index}>
      {index > 0 && <wbr />}
      {part}
    </Fragment>
  ));

/** With which credential something was done is in its story. */
function aboutOf({ data }: Event): string {
  const { credential_id: _id, credential_kind: _kind, ...said } = saidOf(data);
  return withLocalTimes(detailsOf({ data: said }));
}

export const logColumns = (now: number): readonly Column<TailLine>[] => [
  {
    id: 'time',
    header: `Time (${zoneText()})`,
    width: 'min(104px, 21vw)',
    cell: ({ record: { id, ts } }) => (
      <>
        <AnchorLink to="/log/$id" params={{ id }} fw={600} size="sm" title={momentText(Date.parse(ts))}>
          {timeOfDay(ts)}
        </AnchorLink>
        <Second>{dayText(ts, now)}</Second>
      </>
    ),
  },
  {
    id: 'what',
    header: 'What',
    width: 'minmax(100px, 2fr)',
    cell: (line) =>
      line.kind === 'call' ? (
        <>
          <Text size="sm">{breakable(whatOf(line.record))}</Text>
          <Second>{line.record.server}</Second>
          <WhoBelow>{whoOf(line.record)}</WhoBelow>
        </>
      ) : (
        <>
          <Text size="sm">{breakable(line.record.type)}</Text>
          <WhoBelow>{line.record.actor}</WhoBelow>
          <Second>{[line.record.subject, aboutOf(line.record)].filter(Boolean).join(' · ')}</Second>
        </>
      ),
  },
  {
    id: 'who',
    header: 'Who',
    width: 'minmax(120px, 1.4fr)',
    from: 520,
    cell: (line) =>
      line.kind === 'call' ? (
        <>
          <Text size="sm">{whoOf(line.record)}</Text>
          <Second>
            {[clientOf(line.record), line.record.device]
              .filter((each) => each !== undefined && each !== null)
              .join(' on ')}
          </Second>
        </>
      ) : (
        <>
          <Text size="sm">{line.record.actor}</Text>
          {line.record.address !== null && <Second>{`from ${line.record.address}`}</Second>}
        </>
      ),
  },
  {
    id: 'result',
    header: 'Result',
    width: 'minmax(100px, min(170px, 27vw))',
    cell: (line) => {
      const { tone, word } = resultOf(line);
      const why =
        line.kind === 'call' && line.record.rule !== null && line.record.decision !== 'allow'
          ? `by ${line.record.rule}`
          : undefined;
      return (
        <>
          <StatusBadge tone={tone}>{word}</StatusBadge>
          {why !== undefined && <Second>{why}</Second>}
        </>
      );
    },
  },
  {
    id: 'took',
    header: 'Took',
    width: '80px',
    align: 'right',
    from: 760,
    cell: (line) => (line.kind === 'call' ? msText(line.record.latency_ms) : ''),
  },
];
