// What a server offers: what was accepted and what waits, how often each tool was called and how long it took; a change is looked at and accepted here.
import { Button, Code, Drawer, Group, Stack, Text } from '@mantine/core';
import { IconTool } from '@tabler/icons-react';
import { activityApi, type Activity } from 'mcpgate-shared/api/dashboard/activity';
import { definitionsApi, type DefinitionView } from 'mcpgate-shared/api/definitions/definitions-api';
import { serversApi } from 'mcpgate-shared/api/servers';
import { statusApi } from 'mcpgate-shared/api/status';
import { useState } from 'react';
import { useSession } from '../../api/session.tsx';
import { useApi, useChange } from '../../api/use-api.ts';
import { useWhole } from '../../api/use-whole.ts';
import { DataTable, type Column } from '../../parts/data-table.tsx';
import { Empty } from '../../parts/empty.tsx';
import { msText, shareText } from '../../parts/figures.ts';
import { PathLink } from '../../parts/links.tsx';
import { Loaded } from '../../parts/loaded.tsx';
import { Section } from '../../parts/page.tsx';
import { ProblemAlert } from '../../parts/problem-view.tsx';
import { StatusBadge, type Tone } from '../../parts/status-badge.tsx';
import { toastDone } from '../../parts/toast.tsx';
import { ToolClass } from './tool-class.tsx';
import classes from './servers.module.css';

interface Row extends DefinitionView {
  activity: Activity['tools'][number] | undefined;
}

const STATES: Readonly<Record<DefinitionView['state'], { tone: Tone; word: string }>> = {
  accepted: { tone: 'ok', word: 'Accepted' },
  unreviewed: { tone: 'warn', word: 'Changed' },
  held: { tone: 'danger', word: 'Held back' },
};

const COLUMNS: readonly Column<Row>[] = [
  {
    id: 'name',
    header: 'Name',
    width: 'minmax(160px, 2fr)',
    sortBy: ({ name }) => name,
    cell: ({ name, kind, server, flags }) => (
      <>
        <Text size="sm" fw={600}>
          {kind === 'instructions' ? 'Instructions' : name.replace(`${server}__`, '')}
        </Text>
        <Text size="xs" c="dimmed">
          {[kind, ...flags.map(({ what }) => what)].join(' · ')}
        </Text>
      </>
    ),
  },
  {
    id: 'class',
    header: 'Rules take it for',
    width: '170px',
    from: 430,
    sortBy: ({ class: toolClass }) => toolClass?.is,
    cell: (row) => (row.class === null ? '–' : <ToolClass tool={row} is={row.class} />),
  },
  {
    id: 'state',
    header: 'Definition',
    width: '150px',
    from: 640,
    sortBy: ({ state }) => state,
    cell: ({ state }) => <StatusBadge tone={STATES[state].tone}>{STATES[state].word}</StatusBadge>,
  },
  {
    id: 'calls',
    header: 'Calls',
    width: '90px',
    align: 'right',
    sortBy: ({ activity }) => activity?.calls ?? 0,
    cell: ({ activity }) => activity?.calls ?? 0,
  },
  {
    id: 'p50',
    header: 'Usually',
    width: '110px',
    align: 'right',
    from: 760,
    sortBy: ({ activity }) => activity?.p50_ms,
    cell: ({ activity }) => msText(activity?.p50_ms ?? null),
  },
  {
    id: 'failed',
    header: 'Failed',
    width: '110px',
    align: 'right',
    from: 860,
    sortBy: ({ activity }) => (activity?.failed ?? 0) + (activity?.tool_errors ?? 0),
    cell: ({ activity }) => shareText((activity?.failed ?? 0) + (activity?.tool_errors ?? 0), activity?.calls ?? 0),
  },
];

const lookColumn = (look: (row: Row) => void): Column<Row> => ({
  id: 'look',
  header: 'Look at the change',
  hiddenHeader: true,
  width: '110px',
  align: 'right',
  cell: (row) =>
    row.waiting.length > 0 && (
      <Button
        size="compact-sm"
        variant="light"
        aria-label={`Look at the change of ${row.name}`}
        onClick={() => look(row)}
      >
        Look
      </Button>
    ),
});

export function ServerTools({ server }: { server: string }) {
  const definitions = useWhole(definitionsApi.list, { query: { server } });
  const activity = useApi(activityApi.get, { query: { server } });
  const [looked, setLooked] = useState<Row>();
  const mayRead = useSession().may('auditor');
  return (
    <Section
      title="What it offers"
      lead="Calls are those of the last hour"
      flush
      actions={
        mayRead && (
          <PathLink path={`/log?subject=${encodeURIComponent(`server:${server}`)}`}>Who changed its record</PathLink>
        )
      }
    >
      <Loaded query={definitions}>
        {(all) => (
          <DataTable
            label="What it offers"
            rows={all.map((each) => ({
              ...each,
              activity: activity.data?.tools.find(({ name }) => name === each.name),
            }))}
            columns={all.some(({ waiting }) => waiting.length > 0) ? [...COLUMNS, lookColumn(setLooked)] : COLUMNS}
            rowKey={({ name }) => name}
            sort={{ id: 'name' }}
            empty={
              <Empty icon={IconTool} title="Nothing is known yet">
                It is noted once the server was asked for its list: test it, or let an AI client ask.
              </Empty>
            }
          />
        )}
      </Loaded>
      <Drawer opened={looked !== undefined} onClose={() => setLooked(undefined)} title={looked?.name} size={720}>
        {looked !== undefined && <Review name={looked.name} onDone={() => setLooked(undefined)} />}
      </Drawer>
    </Section>
  );
}

/** How what waits differs from what was accepted; what was seen here is what is accepted. */
function Review({ name, onDone }: { name: string; onDone: () => void }) {
  const diff = useApi(definitionsApi.diff, { query: { name } });
  const accept = useChange(definitionsApi.accept, {
    changes: [definitionsApi.list, serversApi.list, statusApi.status],
    onDone() {
      toastDone({ message: `${name} is accepted.`, subject: `tool:${name}` });
      onDone();
    },
  });
  return (
    <Loaded query={diff}>
      {({ changes }) => (
        <Stack>
          {changes.map(({ digest, flags, changes: parts }) => (
            <Stack key={digest} gap="sm">
              {flags.map(({ kind, at, what, alarm }) => (
                <Text key={`${kind} ${at}`} size="sm" c={alarm ? 'red' : 'dimmed'}>
                  {what} <Code>{at}</Code>
                </Text>
              ))}
              {parts.map(({ at, before, after }) => (
                <div key={at} className={classes['change']}>
                  <Code>{at}</Code>
                  {before !== null && (
                    <pre data-side="before" aria-label="Before">
                      {before}
                    </pre>
                  )}
                  {after !== null && (
                    <pre data-side="after" aria-label="After">
                      {after}
                    </pre>
                  )}
                </div>
              ))}
              <ProblemAlert problem={accept.error} />
              <Group justify="flex-end">
                <Button
                  loading={accept.isPending}
                  onClick={() => accept.mutate({ body: { definitions: [{ name, digest }] } })}
                >
                  Accept this text
                </Button>
              </Group>
            </Stack>
          ))}
          {changes.length === 0 && <Text size="sm">Nothing waits here any more.</Text>}
        </Stack>
      )}
    </Loaded>
  );
}
