// What the log has of a person's own calls.
import { Select, Text } from '@mantine/core';
import { IconListDetails } from '@tabler/icons-react';
import { getRouteApi } from '@tanstack/react-router';
import type { Call } from 'mcpgate-shared/api/audit';
import { meApi } from 'mcpgate-shared/api/me/me-api';
import { useApi } from '../../api/use-api.ts';
import { DataTable, type Column } from '../../parts/data-table.tsx';
import { Empty } from '../../parts/empty.tsx';
import { msText } from '../../parts/figures.ts';
import { Loaded } from '../../parts/loaded.tsx';
import { Section } from '../../parts/page.tsx';
import { StatusBadge, type Tone } from '../../parts/status-badge.tsx';
import { Ago } from '../../parts/time.tsx';

const route = getRouteApi('/shell/me');

const STATUSES: Readonly<Record<Call['status'], { tone: Tone; word: string }>> = {
  ok: { tone: 'ok', word: 'Done' },
  tool_error: { tone: 'warn', word: 'Tool failed' },
  denied: { tone: 'danger', word: 'Denied' },
  failed: { tone: 'danger', word: 'Not carried out' },
  cancelled: { tone: 'quiet', word: 'Cancelled' },
  timeout: { tone: 'danger', word: 'Timed out' },
  unknown: { tone: 'quiet', word: 'Under way' },
};

const SHOWN = ['ok', 'tool_error', 'denied', 'failed', 'timeout'] as const;
const MOST = 200;

export function MyCalls() {
  const { status } = route.useSearch();
  const navigate = route.useNavigate();
  const calls = useApi(meApi.calls, { query: { limit: MOST, status } }, { keepsOld: true });
  return (
    <Section
      title="Your calls"
      lead="Who, what, when and how it ended; never what was in it."
      flush
      actions={
        <Select
          aria-label="How they ended"
          placeholder="All"
          clearable
          w={170}
          data={SHOWN.map((value) => ({ value, label: STATUSES[value].word }))}
          value={status ?? null}
          onChange={(chosen) =>
            void navigate({
              search: (before) => ({ ...before, status: SHOWN.find((each) => each === chosen) }),
              replace: true,
            })
          }
        />
      }
    >
      <Loaded query={calls}>
        {(all) => (
          <DataTable
            label="Your calls"
            rows={all}
            columns={COLUMNS}
            rowKey={({ id }) => id}
            empty={
              <Empty icon={IconListDetails} title={status === undefined ? 'No call yet' : 'No call ended so'}>
                What your AI clients do for you stands here as they do it.
              </Empty>
            }
          />
        )}
      </Loaded>
    </Section>
  );
}

const COLUMNS: readonly Column<Call>[] = [
  {
    id: 'what',
    header: 'What',
    width: 'minmax(140px, 2fr)',
    sortBy: ({ server, tool_name: tool }) => `${server} ${tool ?? ''}`,
    cell: ({ server, tool_name: tool, method }) => (
      <>
        <Text size="sm" fw={600}>
          {tool ?? method}
        </Text>
        <Text size="xs" c="dimmed">
          {server}
        </Text>
      </>
    ),
  },
  {
    id: 'status',
    header: 'How it ended',
    width: 'minmax(130px, 1fr)',
    sortBy: ({ status }) => status,
    cell: ({ status, latency_ms: ms }) => {
      const { tone, word } = STATUSES[status];
      return (
        <>
          <StatusBadge tone={tone}>{word}</StatusBadge>
          {ms !== null && (
            <Text size="xs" c="dimmed" mt={4}>
              {msText(ms)}
            </Text>
          )}
        </>
      );
    },
  },
  {
    id: 'by',
    header: 'Through',
    width: 'minmax(120px, 1fr)',
    from: 640,
    sortBy: ({ client_name: client }) => client,
    cell: ({ client_name: client, device, credential_kind: kind, credential_label: label }) => (
      <>
        <Text size="sm">{client ?? 'unknown client'}</Text>
        <Text size="xs" c="dimmed">
          {device ?? (kind === 'session' ? 'this dashboard' : `${kind} ${label}`)}
        </Text>
      </>
    ),
  },
  { id: 'when', header: 'When', width: '120px', from: 440, sortBy: ({ ts }) => ts, cell: ({ ts }) => <Ago at={ts} /> },
];
