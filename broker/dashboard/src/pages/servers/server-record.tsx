// What is said of a server, as text. What a change does is shown before it is saved; where somebody else has changed it meanwhile, nothing is overwritten.
import { Button, Code, Group, Stack, Text, Textarea } from '@mantine/core';
import { RecordSchema, serversApi, type ChangedServer, type RecordForm } from 'mcpgate-shared/api/servers';
import { useState } from 'react';
import type { Answered } from '../../api/call.ts';
import { useApiWithTag, useChange } from '../../api/use-api.ts';
import { Loaded } from '../../parts/loaded.tsx';
import { Section } from '../../parts/page.tsx';
import { ProblemAlert } from '../../parts/problem-view.tsx';
import { toastDone } from '../../parts/toast.tsx';
import classes from './servers.module.css';

export function ServerRecord({ name }: { name: string }) {
  const record = useApiWithTag(serversApi.record, { params: { name } });
  const [times, setTimes] = useState(0);
  const readAgain = async (): Promise<void> => {
    await record.refetch();
    setTimes((before) => before + 1);
  };
  return (
    <Loaded query={record}>
      {(read) => <Editor key={times} name={name} newest={read} readAgain={() => void readAgain()} />}
    </Loaded>
  );
}

interface EditorProps {
  name: string;
  newest: Answered<{ record: RecordForm }>;
  readAgain: () => void;
}

function Editor({ name, newest, readAgain }: EditorProps) {
  // What was opened stays, with what was typed since, whatever others save meanwhile: they are told of when this is saved.
  const [{ data, etag }] = useState(newest);
  const [text, setText] = useState(() => JSON.stringify(data.record, null, 2));
  const [shown, setShown] = useState<{ text: string; changed: ChangedServer }>();
  const params = { name };
  const preview = useChange(serversApi.replace, { onDone: (changed) => setShown({ text, changed }) });
  const save = useChange(serversApi.replace, {
    changes: [serversApi.record, serversApi.show, serversApi.list],
    onDone() {
      toastDone({ message: `${name} was changed.`, subject: `server:${name}` });
      readAgain();
    },
  });
  const parsed = parse(text);
  const isShown = shown !== undefined && shown.text === text;
  return (
    <Section
      title="Record"
      lead="Secrets are written as references: ${secret:NAME}. A value that looks like a secret is refused."
    >
      <Stack>
        <Textarea
          aria-label="Record"
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          autosize
          minRows={12}
          maxRows={30}
          spellCheck={false}
          classNames={{ input: classes['text'] ?? '' }}
          error={parsed.problem}
        />
        <ProblemAlert
          problem={preview.error ?? save.error}
          retry={(preview.error ?? save.error)?.kind === 'stale' ? readAgain : undefined}
        />
        {isShown && <Changes changed={shown.changed} />}
        <Group justify="flex-end">
          <Button
            variant="default"
            disabled={parsed.record === undefined}
            loading={preview.isPending}
            onClick={() =>
              parsed.record &&
              preview.mutate({ params, body: parsed.record, query: { dry_run: 'true' }, ifMatch: etag })
            }
          >
            Show what changes
          </Button>
          <Button
            disabled={parsed.record === undefined || !isShown || shown.changed.changes.length === 0}
            loading={save.isPending}
            onClick={() => parsed.record && save.mutate({ params, body: parsed.record, ifMatch: etag })}
          >
            Save the record
          </Button>
        </Group>
      </Stack>
    </Section>
  );
}

function parse(text: string): { record?: RecordForm; problem?: string } {
  try {
    const parsed = RecordSchema.safeParse(JSON.parse(text));
    if (parsed.success) return { record: parsed.data };
    const [first] = parsed.error.issues;
    return { problem: `${first?.path.join('.') ?? ''}: ${first?.message ?? ''}` };
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) };
  }
}

function Changes({
  changed: { changes, secrets_unused: unused, accounts_left: left, probe_warning: warning },
}: {
  changed: ChangedServer;
}) {
  if (changes.length === 0) return <Text size="sm">Nothing changes.</Text>;
  return (
    <Stack gap="sm">
      {changes.map(({ field, before, after }) => (
        <div key={field} className={classes['change']}>
          <Code>{field}</Code>
          {before !== null && <pre data-side="before">{before}</pre>}
          {after !== null && <pre data-side="after">{after}</pre>}
        </div>
      ))}
      {unused.length > 0 && <Text size="sm">Nothing refers to {unused.join(', ')} any more.</Text>}
      {left > 0 && <Text size="sm">{left} accounts do not go along: their owners must connect again.</Text>}
      {warning !== null && <Text size="sm">{warning}</Text>}
    </Stack>
  );
}
