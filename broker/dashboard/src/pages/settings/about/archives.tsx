// Where old rows of the log go: how old they become, what is in the archives, and what holds rows back.
import { Alert, Code, Stack, Text } from '@mantine/core';
import type { Status } from 'mcpgate-shared/api/status';
import { Facts } from '../../../parts/facts.tsx';
import { countText } from '../../../parts/figures.ts';
import { Section } from '../../../parts/page.tsx';
import { Ago, Moment } from '../../../parts/time.tsx';
import { Words } from '../../../parts/words.tsx';

type State = NonNullable<NonNullable<Status['audit']>['archives']>;

const DAY_MS = 86_400_000;

export function Archives({ state }: { state: State }) {
  const { retention_ms: retention, folder, files, rows, last_run_at: lastRun, problem, held_by: heldBy } = state;
  return (
    <Section
      title="Old rows"
      lead="Rows that are old enough go into archives: signed files that are one unbroken chain with the log."
    >
      <Stack gap="md">
        {problem !== null && (
          <Alert color="red" variant="light" title="They cannot be archived; nothing is removed">
            <Words text={problem} />
          </Alert>
        )}
        <Facts
          facts={[
            [
              'Rows stay',
              retention === null
                ? 'For good: audit.retention is not set'
                : retention % DAY_MS === 0
                  ? `${countText(retention / DAY_MS, 'day')}, then they are archived`
                  : `${(retention / DAY_MS).toFixed(1)} days, then they are archived`,
            ],
            [
              'Archives',
              files === 0 ? (
                'None yet'
              ) : (
                <span key="files">
                  {countText(files, 'file')} with {countText(rows, 'row')}, in <Code>{folder}</Code>
                </span>
              ),
            ],
            [
              'Looked for old rows',
              lastRun === null ? (
                'Not since this broker has started'
              ) : (
                <span key="run">
                  <Ago at={lastRun} />, <Moment at={lastRun} />
                </span>
              ),
            ],
            [
              'Held back by',
              heldBy.length === 0 ? (
                'Nothing'
              ) : (
                <Stack key="held" gap={2}>
                  {heldBy.map((why) => (
                    <Text key={why} size="sm">
                      <Words text={why} />
                    </Text>
                  ))}
                </Stack>
              ),
            ],
          ]}
        />
      </Stack>
    </Section>
  );
}
