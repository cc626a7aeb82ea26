// What a person has asked for: calls that wait for a yes, and access that was denied to them.
import { Text } from '@mantine/core';
import { IconMessageQuestion } from '@tabler/icons-react';
import { requestsApi, type Request } from 'mcpgate-shared/api/rules/requests';
import { useSession } from '../../api/session.tsx';
import { useApi } from '../../api/use-api.ts';
import { DataTable, type Column } from '../../parts/data-table.tsx';
import { Empty } from '../../parts/empty.tsx';
import { Loaded } from '../../parts/loaded.tsx';
import { Section } from '../../parts/page.tsx';
import { StatusBadge, type Tone } from '../../parts/status-badge.tsx';
import { Ago } from '../../parts/time.tsx';

const STATES: Readonly<Record<Request['state'], { tone: Tone; word: string }>> = {
  open: { tone: 'info', word: 'Waits' },
  approved: { tone: 'ok', word: 'Approved' },
  denied: { tone: 'danger', word: 'Denied' },
  used: { tone: 'ok', word: 'Used' },
  over: { tone: 'quiet', word: 'Over' },
};

const waitsFor = ({ approvers }: Request): string =>
  approvers.length === 0 ? 'an administrator' : approvers.map((each) => (each === 'self' ? 'you' : each)).join(' or ');

export function MyRequests() {
  const { user } = useSession();
  const requests = useApi(requestsApi.list, { query: { all: 'true' } });
  return (
    <Section
      title="Your requests"
      lead="A call that a rule asks about waits for a yes; the denial of a tool names how to ask for it."
      flush
    >
      <Loaded query={requests}>
        {(all) => (
          <DataTable
            label="Your requests"
            rows={all.filter(({ who }) => who === `user:${user.name}`)}
            columns={COLUMNS}
            rowKey={({ id }) => id}
            sort={{ id: 'asked', desc: true }}
            empty={
              <Empty icon={IconMessageQuestion} title="You have asked for nothing">
                Where a call is denied, its answer holds a line to ask by: mcpgate request ID.
              </Empty>
            }
          />
        )}
      </Loaded>
    </Section>
  );
}

const COLUMNS: readonly Column<Request>[] = [
  {
    id: 'tool',
    header: 'What for',
    width: 'minmax(140px, 2fr)',
    sortBy: ({ tool }) => tool,
    cell: ({ tool, kind, reason, note }) => (
      <>
        <Text size="sm" fw={600}>
          {tool}
        </Text>
        <Text size="xs" c="dimmed">
          {[kind === 'call' ? 'one call' : 'access', reason, note === null ? null : `answer: ${note}`]
            .filter((part) => part !== null)
            .join(' · ')}
        </Text>
      </>
    ),
  },
  {
    id: 'state',
    header: 'State',
    width: 'minmax(130px, 1.4fr)',
    sortBy: ({ state }) => state,
    cell: (request) => (
      <>
        <StatusBadge tone={STATES[request.state].tone}>{STATES[request.state].word}</StatusBadge>
        <Text size="xs" c="dimmed" mt={4}>
          {request.state === 'open' ? `for ${waitsFor(request)}` : (request.decided_by ?? '')}
        </Text>
      </>
    ),
  },
  {
    id: 'asked',
    header: 'Asked',
    width: '130px',
    from: 520,
    sortBy: ({ created_at: at }) => at,
    cell: ({ created_at: at }) => <Ago at={at} />,
  },
  {
    id: 'until',
    header: 'Until',
    width: '130px',
    from: 700,
    sortBy: ({ expires_at: at }) => at,
    cell: ({ expires_at: at }) => <Ago at={at} />,
  },
];
