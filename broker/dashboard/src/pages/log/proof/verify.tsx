// Reads the whole log and says whether every row is as it was written; where one is not, which. What checkpoints that were kept elsewhere name must be there,
// as `audit verify --checkpoints` has it, and the archives as they were signed.
import { Alert, Button, Checkbox, Code, FileButton, Group, Progress, Stack, Text } from '@mantine/core';
import { IconAlertTriangle, IconFileCheck, IconShieldCheck } from '@tabler/icons-react';
import { auditApi, type VerifyLine } from 'mcpgate-shared/api/audit';
import { archivesApi } from 'mcpgate-shared/api/audit/archives';
import { useEffect, useRef, useState } from 'react';
import { useSession } from '../../../api/session.tsx';
import { stream } from '../../../api/stream.ts';
import { useWhole } from '../../../api/use-whole.ts';
import { AnchorLink } from '../../../parts/links.tsx';
import { Section } from '../../../parts/page.tsx';
import { ProblemAlert } from '../../../parts/problem-view.tsx';
import { countText } from '../../../parts/figures.ts';
import { checkpointsIn } from './checkpoints-in.ts';

type Verdict = Extract<VerifyLine, { kind: 'verdict' }>;
type Progressed = Extract<VerifyLine, { kind: 'progress' }>;

export function Verify() {
  const { caller } = useSession();
  const [progress, setProgress] = useState<Progressed>();
  const [verdict, setVerdict] = useState<Verdict>();
  const [problem, setProblem] = useState<unknown>();
  const running = useRef<AbortController>(undefined);
  const [isRunning, setRunning] = useState(false);
  const [kept, setKept] = useState<File | null>(null);
  const [isWithArchives, setWithArchives] = useState(false);
  /** Of the verdict that is shown. */
  const [hadArchives, setHadArchives] = useState(false);
  const archives = useWhole(archivesApi.list, {});
  useEffect(() => () => running.current?.abort(), []);

  const run = async (): Promise<void> => {
    const control = new AbortController();
    running.current = control;
    setRunning(true);
    setProgress(undefined);
    setVerdict(undefined);
    setProblem(undefined);
    try {
      const body = { archives: isWithArchives, checkpoints: kept === null ? [] : await checkpointsIn(kept) };
      for await (const line of stream(caller, auditApi.verify, { body }, { signal: control.signal }))
        if (line.kind === 'progress') setProgress(line);
        else {
          setVerdict(line);
          setHadArchives(isWithArchives);
        }
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
        {verdict !== undefined && <Found verdict={verdict} hadArchives={hadArchives} />}
        <ProblemAlert problem={problem} />
        <Group gap="md">
          <FileButton onChange={setKept} accept=".jsonl,.json">
            {(props) => (
              <Button
                {...props}
                size="xs"
                variant="default"
                disabled={isRunning}
                leftSection={<IconFileCheck size={16} aria-hidden />}
              >
                {kept === null ? 'Choose checkpoints' : 'Choose others'}
              </Button>
            )}
          </FileButton>
          {kept === null ? (
            <Text size="sm" c="dimmed">
              None from elsewhere
            </Text>
          ) : (
            <>
              <Text size="sm" role="status">
                With those of {kept.name}
              </Text>
              <Button size="xs" variant="subtle" disabled={isRunning} onClick={() => setKept(null)}>
                Without them
              </Button>
            </>
          )}
          {archives.data !== undefined && archives.data.length > 0 && (
            <Checkbox
              label={`The ${countText(archives.data.length, 'archive')} in the broker’s folder, too`}
              checked={isWithArchives}
              disabled={isRunning}
              onChange={({ currentTarget }) => setWithArchives(currentTarget.checked)}
            />
          )}
        </Group>
        <Text size="sm" c="dimmed">
          Whoever can write to the database and has the vault’s key could write a whole log anew; checkpoints that are
          kept elsewhere show it. To trust nothing of this broker, verify an export with{' '}
          <Code>mcpgate-audit-verify</Code>.
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

function Found({ verdict, hadArchives }: { verdict: Verdict; hadArchives: boolean }) {
  const { whole, rows, chains, checkpoints, wrong, archives, archived_rows: archived } = verdict;
  const read = `${countText(rows, 'row')} in ${countText(chains, 'chain')}, and ${countText(checkpoints, 'checkpoint')}`;
  if (whole || wrong === null)
    return (
      <Alert role="status" color="teal" variant="light" title="The log is whole" icon={<IconShieldCheck aria-hidden />}>
        {read}: all as they were written.
        {archives > 0 &&
          (hadArchives
            ? ` ${countText(archived, 'row')} of them in ${countText(archives, 'archive')}.`
            : ` ${countText(archived, 'row')} in ${countText(archives, 'archive')} were not looked at, only that nothing is missing between them and these.`)}
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
            <AnchorLink to="/log/$id" params={{ id: wrong.id }} size="sm">
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
