// The report for an audit, as one page to print: made here of what the broker answers, as the command makes it.
import { Button, Code, Group, Progress, Select, Stack, Text } from '@mantine/core';
import { IconFileText } from '@tabler/icons-react';
import { reportApi, type Report as ReportData } from 'mcpgate-shared/api/audit/report';
import { useEffect, useRef, useState } from 'react';
import { useSession } from '../../../api/session.tsx';
import { stream } from '../../../api/stream.ts';
import { Section } from '../../../parts/page.tsx';
import { ProblemAlert } from '../../../parts/problem-view.tsx';
import { saveText } from '../download.ts';

const DAY_MS = 86_400_000;
const SPANS = [7, 30, 90, 180, 365];

export function Report() {
  const { caller } = useSession();
  const [days, setDays] = useState('90');
  const [rows, setRows] = useState<number>();
  const [made, setMade] = useState<string>();
  const [problem, setProblem] = useState<unknown>();
  const running = useRef<AbortController>(undefined);
  useEffect(() => () => running.current?.abort(), []);

  const run = async (): Promise<void> => {
    const control = new AbortController();
    running.current = control;
    setRows(0);
    setMade(undefined);
    setProblem(undefined);
    try {
      const since = new Date(Date.now() - Number(days) * DAY_MS).toISOString();
      let report: ReportData | undefined;
      for await (const line of stream(caller, reportApi.report, { query: { since } }, { signal: control.signal }))
        if (line.kind === 'progress') setRows(line.rows);
        else report = line.report;
      if (report !== undefined) setMade(await save(report));
    } catch (error) {
      if (!control.signal.aborted) setProblem(error);
    }
    setRows(undefined);
  };

  return (
    <Section
      title="Report for an audit"
      lead="Who may do what by which rule, what they did, and what was changed: one page to read and print."
      actions={
        <>
          <Select
            aria-label="Time of the report"
            w={170}
            value={days}
            allowDeselect={false}
            data={SPANS.map((each) => ({ value: String(each), label: `The last ${each} days` }))}
            onChange={(value) => setDays(value ?? '90')}
          />
          <Button
            variant="default"
            leftSection={<IconFileText size={18} aria-hidden />}
            loading={rows !== undefined}
            onClick={() => void run()}
          >
            Make the report
          </Button>
        </>
      }
    >
      <Stack gap="md">
        {rows !== undefined && (
          <div>
            <Progress value={100} animated aria-label="Making the report" />
            <Text size="sm" c="dimmed" mt={6} role="status">
              {rows === 0 ? 'Reading the log' : `${rows.toLocaleString()} calls and events read`}
            </Text>
          </div>
        )}
        {made !== undefined && (
          <Group role="status">
            <Text size="sm">{made} is in your downloads.</Text>
          </Group>
        )}
        <ProblemAlert problem={problem} />
        <Text size="sm" c="dimmed">
          As tables: <Code>mcpgate-broker audit report --since {days}d --format csv --output access-report</Code>
        </Text>
      </Stack>
    </Section>
  );
}

/** The name of the file. What writes the page is loaded when one is made. */
async function save(report: ReportData): Promise<string> {
  const [{ reportPage }, { reportSections }] = await Promise.all([
    import('mcpgate-shared/api/audit/report-page'),
    import('mcpgate-shared/api/audit/report-tables'),
  ]);
  const name = `access-report-${report.until.slice(0, 10)}.html`;
  saveText(reportPage(report, reportSections(report)), 'text/html', name);
  return name;
}
