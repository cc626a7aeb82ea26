// The log taken out as it is filtered: the broker streams the file, and the browser writes it, however long it is.
import { Button, Menu, Text } from '@mantine/core';
import { IconDownload } from '@tabler/icons-react';
import { exportsApi } from 'mcpgate-shared/api/audit/exports';
import { useState } from 'react';
import { useSession } from '../../api/session.tsx';
import { ProblemAlert } from '../../parts/problem-view.tsx';
import { downloadFrom } from './download.ts';
import { exportQuery, type LogSearch } from './log-search.ts';

const FORMS = [
  { endpoint: exportsApi.csv, ending: 'csv', title: 'CSV', text: 'for spreadsheets' },
  { endpoint: exportsApi.records, ending: 'jsonl', title: 'JSON lines', text: 'for programs' },
  { endpoint: exportsApi.parquet, ending: 'parquet', title: 'Parquet', text: 'for DuckDB, Spark, pandas' },
] as const;

export function LogExport({ search }: { search: LogSearch }) {
  const { caller } = useSession();
  const [problem, setProblem] = useState<unknown>();
  const [isAsking, setAsking] = useState(false);
  const take = async ({ endpoint, ending }: (typeof FORMS)[number]): Promise<void> => {
    setProblem(undefined);
    setAsking(true);
    try {
      await downloadFrom(caller, endpoint, exportQuery(search), `mcpgate-log.${ending}`);
    } catch (error) {
      setProblem(error);
    }
    setAsking(false);
  };
  return (
    <>
      <Menu position="bottom-end" width={270}>
        <Menu.Target>
          <Button leftSection={<IconDownload size={18} aria-hidden />} loading={isAsking}>
            Export what is shown
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Label>All that fits the filters, without a limit</Menu.Label>
          {FORMS.map((form) => (
            <Menu.Item key={form.ending} onClick={() => void take(form)}>
              {form.title}{' '}
              <Text span size="sm" c="dimmed">
                {form.text}
              </Text>
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
      <ProblemAlert problem={problem} />
    </>
  );
}
