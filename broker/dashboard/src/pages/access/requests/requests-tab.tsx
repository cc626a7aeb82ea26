// What waits for a person's yes, the most urgent first, and what was decided before.
import { Stack, Text } from '@mantine/core';
import { IconHourglassEmpty } from '@tabler/icons-react';
import type { UseQueryResult } from '@tanstack/react-query';
import type { Request } from 'mcpgate-shared/api/rules/requests';
import type { Problem } from '../../../api/problem.ts';
import { DataTable, type Column } from '../../../parts/data-table.tsx';
import { Empty } from '../../../parts/empty.tsx';
import { PathLink } from '../../../parts/links.tsx';
import { Loaded } from '../../../parts/loaded.tsx';
import { Section } from '../../../parts/page.tsx';
import { StatusBadge, type Tone } from '../../../parts/status-badge.tsx';
import { Ago } from '../../../parts/time.tsx';
import { logPath } from '../../../parts/toast.tsx';
import { WaitingRequest } from './waiting-request.tsx';

export function RequestsTab({ requests }: { requests: UseQueryResult<Request[], Problem> }) {
  return (
    <Loaded query={requests}>
      {(all) => {
        const waiting = all
          .filter(({ state }) => state === 'open')
          .toSorted(
            (one, other) => Number(other.mine) - Number(one.mine) || (one.expires_at < other.expires_at ? -1 : 1),
          );
        return (
          <Stack gap="lg">
            {waiting.map((request) => (
              <WaitingRequest key={request.id} request={request} />
            ))}
            {waiting.length === 0 && (
              <Section title="Waiting">
                <Empty icon={IconHourglassEmpty} title="Nothing waits">
                  A call under a rule that asks appears here the moment it is made, and so does a person who asks for
                  access.
                </Empty>
              </Section>
            )}
            <Section title="Decided" flush>
              <DataTable
                label="Decided requests"
                rows={all.filter(({ state }) => state !== 'open')}
                columns={COLUMNS}
                rowKey={({ id }) => id}
                sort={{ id: 'at', desc: true }}
                empty={<Empty icon={IconHourglassEmpty} title="Nothing was decided yet" />}
              />
            </Section>
          </Stack>
        );
      }}
    </Loaded>
  );
}

const STATES: Readonly<Record<Request['state'], { word: string; tone: Tone }>> = {
  open: { word: 'Waiting', tone: 'info' },
  approved: { word: 'Approved', tone: 'ok' },
  used: { word: 'Approved and used', tone: 'ok' },
  denied: { word: 'Denied', tone: 'danger' },
  over: { word: 'Ran out', tone: 'quiet' },
};

const COLUMNS: readonly Column<Request>[] = [
  {
    id: 'tool',
    header: 'What',
    width: 'minmax(150px, 2fr)',
    sortBy: ({ tool }) => tool,
    cell: ({ id, tool, who, kind }) => (
      <>
        <PathLink path={logPath(`request:${id}`)}>{tool}</PathLink>
        <Text size="xs" c="dimmed">
          {who}
          {kind === 'access' && ' asked for access'}
        </Text>
      </>
    ),
  },
  {
    id: 'state',
    header: 'Became',
    width: '170px',
    sortBy: ({ state }) => state,
    cell: ({ state, for: scope }) => (
      <StatusBadge tone={STATES[state].tone}>
        {scope === 'while' && state === 'approved' ? 'Approved for a time' : STATES[state].word}
      </StatusBadge>
    ),
  },
  {
    id: 'by',
    header: 'By',
    from: 620,
    sortBy: ({ decided_by: by }) => by,
    cell: ({ decided_by: by, note }) => (
      <>
        {by ?? 'nobody'}
        {note !== null && (
          <Text size="xs" c="dimmed">
            {note}
          </Text>
        )}
      </>
    ),
  },
  {
    id: 'at',
    header: 'When',
    width: '130px',
    from: 480,
    sortBy: ({ decided_at: decided, expires_at: over }) => decided ?? over,
    cell: ({ decided_at: decided, expires_at: over }) => <Ago at={decided ?? over} />,
  },
];
