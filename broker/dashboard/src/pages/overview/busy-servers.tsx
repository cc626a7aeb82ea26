// The servers of the last hour, the slowest first.
import { IconServer2 } from '@tabler/icons-react';
import type { Activity } from 'mcpgate-shared/api/dashboard/activity';
import { DataTable, type Column } from '../../parts/data-table.tsx';
import { msText, shareText } from '../../parts/figures.ts';
import { Empty } from '../../parts/empty.tsx';
import { AnchorLink } from '../../parts/links.tsx';
import { Section } from '../../parts/page.tsx';

type Row = Activity['servers'][number];

const COLUMNS: readonly Column<Row>[] = [
  {
    id: 'name',
    header: 'Server',
    width: 'minmax(90px, 2fr)',
    sortBy: ({ name }) => name,
    cell: ({ name }) => (
      <AnchorLink to="/servers/$name" params={{ name }} fw={600} size="sm">
        {name}
      </AnchorLink>
    ),
  },
  {
    id: 'calls',
    header: 'Calls',
    width: '62px',
    align: 'right',
    sortBy: ({ calls }) => calls,
    cell: ({ calls }) => calls,
  },
  {
    id: 'p50',
    header: 'Usually',
    width: '100px',
    align: 'right',
    from: 460,
    sortBy: ({ p50_ms: ms }) => ms,
    cell: ({ p50_ms: ms }) => msText(ms),
  },
  {
    id: 'p95',
    header: 'Slowest 5 %',
    width: '116px',
    align: 'right',
    sortBy: ({ p95_ms: ms }) => ms,
    cell: ({ p95_ms: ms }) => msText(ms),
  },
  {
    id: 'failed',
    header: 'Failed',
    width: '110px',
    align: 'right',
    from: 620,
    sortBy: ({ failed, tool_errors: errors, calls }) => (failed + errors) / calls,
    cell: ({ failed, tool_errors: errors, calls }) => shareText(failed + errors, calls),
  },
  {
    id: 'denied',
    header: 'Denied',
    width: '110px',
    align: 'right',
    from: 720,
    sortBy: ({ denied, calls }) => denied / calls,
    cell: ({ denied, calls }) => shareText(denied, calls),
  },
];

export function BusyServers({ servers }: { servers: Activity['servers'] }) {
  return (
    <Section title="Servers in the last hour" lead="How long they take to answer, and how often they do not" flush>
      <DataTable
        label="Servers in the last hour"
        rows={servers}
        columns={COLUMNS}
        rowKey={({ name }) => name}
        sort={{ id: 'p95', desc: true }}
        empty={
          <Empty icon={IconServer2} title="No call yet">
            A call through any server appears here as soon as it has ended.
          </Empty>
        }
      />
    </Section>
  );
}
