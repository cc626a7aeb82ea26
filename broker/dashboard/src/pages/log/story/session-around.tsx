// What the same session of the AI client called just before and after.
import type { Call } from 'mcpgate-shared/api/audit';
import { useMemo } from 'react';
import { DataTable } from '../../../parts/data-table.tsx';
import { Section } from '../../../parts/page.tsx';
import { useNow } from '../../../parts/time.tsx';
import { logColumns } from '../log-columns.tsx';

export function SessionAround({ calls }: { calls: readonly Call[] }) {
  const now = useNow();
  const rows = useMemo(() => calls.map((record) => ({ kind: 'call' as const, record })), [calls]);
  const columns = useMemo(() => logColumns(now).filter(({ id }) => id !== 'who'), [now]);
  return (
    <Section title="Around it, in the same session" flush>
      <DataTable
        label="Calls of the same session"
        rows={rows}
        columns={columns}
        rowKey={({ record }) => record.id}
        empty={null}
      />
    </Section>
  );
}
