// What stood in the arguments of a call, where the record of its server has the log keep it. Reading it is an event of the log, so it is read on a click alone.
import { Button, Code, Stack, Text } from '@mantine/core';
import { auditApi, type ShownArguments } from 'mcpgate-shared/api/audit';
import { useChange } from '../../../api/use-api.ts';
import { ProblemAlert } from '../../../parts/problem-view.tsx';
import classes from '../log.module.css';

/** Give it the call's id as `key`, too: what was read of one call is not shown at another. */
export function KeptArguments({ id, names }: { id: string; names: readonly string[] }) {
  const read = useChange(auditApi.arguments);
  return (
    <Stack gap={6} align="flex-start">
      <span>{names.join(', ')}</span>
      {read.data === undefined ? (
        <>
          <Button
            variant="default"
            size="xs"
            loading={read.isPending}
            aria-describedby="reading-is-an-event"
            onClick={() => read.mutate({ params: { id } })}
          >
            Show the arguments
          </Button>
          <Text size="sm" c="dimmed" id="reading-is-an-event">
            That is an entry in the log. There is something to show where the record of the server has values kept.
          </Text>
        </>
      ) : (
        <Shown shown={read.data} />
      )}
      <ProblemAlert problem={read.error} />
    </Stack>
  );
}

function Shown({ shown: { kept, text, bytes, cut } }: { shown: ShownArguments }) {
  return (
    <>
      {text !== null && (
        <Code block w="100%" className={classes['kept'] ?? ''} tabIndex={0} aria-label="The arguments">
          {cut ? text : indented(text)}
        </Code>
      )}
      <Text size="sm" c="dimmed" role="status">
        {SAID[kept]}
        {cut && ` This is the beginning: they were ${(bytes ?? 0).toLocaleString()} bytes long.`}
      </Text>
    </>
  );
}

const SAID: Readonly<Record<ShownArguments['kept'], string>> = {
  none: 'The log has the names alone: the record of the server did not have values kept when this was called.',
  masked: 'As they were kept: without what looked like a secret, and long values cut.',
  full: 'As the AI client sent them; values of the secrets of this call are masked.',
  removed: 'They were kept, and are not in the database any more. Verify the log.',
};

/** JSON, one member a line; as it is where it is none. */
function indented(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch (error) {
    if (error instanceof SyntaxError) return text;
    throw error;
  }
}
