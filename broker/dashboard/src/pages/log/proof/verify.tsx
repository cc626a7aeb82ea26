// Reads the whole log and says whether every row is as it was written; where one is not, which.
import { Alert, Button, Code, Group, Progress, Stack, Text } from '@mantine/core';
import { IconAlertTriangle, IconShieldCheck } from '@tabler/icons-react';
import { auditApi, type VerifyLine } from 'mcpgate-shared/api/audit';
import { useEffect, useRef, useState } from 'react';
import { useSession } from '../../../api/session.tsx';
import { stream } from '../../../api/stream.ts';
import { AnchorLink } from '../../../parts/links.tsx';
import { Section } from '../../../parts/page.tsx';
import { ProblemAlert } from '../../../parts/problem-view.tsx';
import { countText } from '../../../parts/figures.ts';

type Verdict = Extract<VerifyLine, { kind: 'verdict' }>;
type Progressed = Extract<VerifyLine, { kind: 'progress' }>;

export function Verify() {
  const { caller } = useSession();
  const [progress, setProgress] = useState<Progressed>();
  const [verdict, setVerdict] = useState<Verdict>();
  const [problem, setProblem] = useState<unknown>();
  const running = useRef<AbortController>(undefined);
  const [isRunning, setRunning] = useState(false);
  useEffect(() => () => running.current?.abort(), []);

  const run = async (): Promise<void> => {
    const control = new AbortController();
    running.current = control;
    setRunning(true);
    setProgress(undefined);
    setVerdict(undefined);
    setProblem(undefined);
    try {
      for await (const line of stream(caller, auditApi.verify, { body: {} }, { signal: control.signal }))
        if (line.kind === 'progress') setProgress(line);
        else setVerdict(line);
    } catch (error) {
      if (!control.signal.aborted) setProblem(error);
    }
    setRunning(false);
  };

  return (
    <Section
      title="Is the log whole?"
      lead="Every row holds the hash of the row before it. This reads all of them, and the signatures of all checkpoints."
      actions={
        isRunning ? (
          <Button variant="default" onClick={() => running.current?.abort()}>
            Stop verifying
          </Button>
        ) : (
          <Button leftSection={<IconShieldCheck size={18} aria-hidden />} onClick={() => void run()}>
            Verify the log
          </Button>
        )
      }
    >
      <Stack gap="md">
        {isRunning && <Running progress={progress} />}
        {verdict !== undefined && <Found verdict={verdict} />}
        <ProblemAlert problem={problem} />
        <Text size="sm" c="dimmed">
          Whoever can write to the database and has the vault’s key could write a whole log anew; checkpoints that are
          kept elsewhere show it. Verify against them with <Code>mcpgate-broker audit verify --checkpoints FILE</Code>,
          and an export without this broker with <Code>mcpgate-audit-verify</Code>.
        </Text>
      </Stack>
    </Section>
  );
}

function Running({ progress }: { progress: Progressed | undefined }) {
  const { rows, of } = progress ?? { rows: 0, of: 0 };
  return (
    <div>
      <Progress value={of === 0 ? 100 : (rows / of) * 100} animated aria-label="Verifying the log" size="md" />
      <Text size="sm" c="dimmed" mt={6} role="status">
        {of === 0 ? 'Reading the log' : `${rows.toLocaleString()} of ${of.toLocaleString()} rows`}
      </Text>
    </div>
  );
}

function Found({ verdict }: { verdict: Verdict }) {
  const { whole, rows, chains, checkpoints, wrong, archives, archived_rows: archived } = verdict;
  const read = `${countText(rows, 'row')} in ${countText(chains, 'chain')}, and ${countText(checkpoints, 'checkpoint')}`;
  if (whole || wrong === null)
    return (
      <Alert role="status" color="teal" variant="light" title="The log is whole" icon={<IconShieldCheck aria-hidden />}>
        {read}: all as they were written.
        {archives > 0 &&
          ` ${countText(archived, 'row')} in ${countText(archives, 'archive')} were not looked at, only that nothing is missing between them and these: give their folder to mcpgate-broker audit verify --archives.`}
      </Alert>
    );
  return (
    <Alert
      role="alert"
      color="red"
      variant="light"
      title="The log is not whole"
      icon={<IconAlertTriangle aria-hidden />}
    >
      <Stack gap="xs">
        <Text size="sm">
          The first row that is not as it was written: {wrong.seq === null ? '' : `row ${wrong.seq} of `}chain{' '}
          {wrong.chain}.
        </Text>
        <Text size="sm">{wrong.why}</Text>
        <Group gap="md">
          {wrong.id !== null && (
            <AnchorLink to="/log/$id" params={{ id: wrong.id }} size="sm" underline="always">
              Look at the record
            </AnchorLink>
          )}
          <Text size="sm">
            {read} before it are as they were. Keep the database as it is, and compare it with your backups and
            checkpoints.
          </Text>
        </Group>
      </Stack>
    </Alert>
  );
}
