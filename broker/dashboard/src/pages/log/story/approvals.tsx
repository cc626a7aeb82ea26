// Who was asked before a call, and what they said.
import type { Event } from 'mcpgate-shared/api/audit';
import { DataTable, type Column } from '../../../parts/data-table.tsx';
import { AnchorLink } from '../../../parts/links.tsx';
import { Section } from '../../../parts/page.tsx';
import { Moment } from '../../../parts/time.tsx';

const COLUMNS: readonly Column<Event>[] = [
  {
    id: 'what',
    header: 'What',
    cell: ({ id, type }) => (
      <AnchorLink to="/log/$id" params={{ id }} size="sm" fw={600}>
        {type}
      </AnchorLink>
    ),
  },
  { id: 'by', header: 'By', cell: ({ actor }) => actor },
  { id: 'request', header: 'Request', from: 560, cell: ({ subject }) => subject ?? '' },
  { id: 'at', header: 'When', from: 440, cell: ({ ts }) => <Moment at={ts} /> },
];

export function Approvals({ events }: { events: readonly Event[] }) {
  return (
    <Section title="Who was asked" flush>
      <DataTable label="Approvals" rows={events} columns={COLUMNS} rowKey={({ id }) => id} empty={null} />
    </Section>
  );
}
