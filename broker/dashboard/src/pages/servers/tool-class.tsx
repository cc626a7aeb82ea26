// What rules take a tool for, who says so, and what an operator says instead: the record of its server goes before what the server says.
import { Button, Menu, Text } from '@mantine/core';
import { IconChevronDown } from '@tabler/icons-react';
import {
  definitionsApi,
  type DefinitionView,
  type ToolClassView,
} from 'mcpgate-shared/api/definitions/definitions-api';
import { serversApi } from 'mcpgate-shared/api/servers';
import { useApiWithTag, useChange } from '../../api/use-api.ts';
import { useConfirm } from '../../parts/confirm.tsx';
import { toastDone } from '../../parts/toast.tsx';

const WORDS = { read: 'Reads', write: 'May write' } as const;
const BY: Readonly<Record<ToolClassView['by'], string>> = {
  record: 'said in the record',
  server: 'the server says so',
  nobody: 'the server does not say',
};

type Said = ToolClassView['is'] | 'server';

/** The server's own name of it. */
const ownName = ({ name, server }: DefinitionView): string => name.replace(`${server}__`, '');

const classText = ({ is, by }: ToolClassView): string => `${WORDS[is]}: ${BY[by]}`;

export function ToolClass({ tool, is }: { tool: DefinitionView; is: ToolClassView }) {
  const { server } = tool;
  const own = ownName(tool);
  const confirm = useConfirm();
  const record = useApiWithTag(serversApi.record, { params: { name: server } });
  const set = useChange(serversApi.update, {
    changes: [definitionsApi.list, serversApi.record, serversApi.show],
  });
  const ask = (said: Said): void => {
    const read = record.data;
    if (read === undefined) return;
    const { tool_classes: before } = read.data.record;
    const without = (names: readonly string[]): string[] => names.filter((name) => name !== own);
    const tool_classes = {
      read: [...without(before.read), ...(said === 'read' ? [own] : [])],
      write: [...without(before.write), ...(said === 'write' ? [own] : [])],
    };
    confirm({
      title:
        said === 'server'
          ? `Take ${own} as ${server} says?`
          : `Take ${own} for one that ${said === 'read' ? 'only reads' : 'may write'}?`,
      consequences: [
        said === 'server'
          ? `Rules over read:${server} and write:${server} go by what the server says of it, which it may change.`
          : `Rules over ${said}:${server} hold for it from the next call on, and those over ${said === 'read' ? 'write' : 'read'}:${server} do not, whatever the server says.`,
        'The tool itself does what it did. The log has who said this.',
      ],
      action: said === 'server' ? 'Go by the server' : said === 'read' ? 'It only reads' : 'It may write',
      run: async () => {
        await set.mutateAsync({ params: { name: server }, body: { tool_classes }, ifMatch: read.etag });
        toastDone({ message: `Rules take ${own} so from now on.`, subject: `server:${server}` });
      },
    });
  };
  const choices = ([...(is.by === 'record' ? (['server'] as const) : []), 'read', 'write'] as const).filter(
    (said) => !(is.by === 'record' && said === is.is),
  );
  return (
    <>
      <Menu position="bottom-start">
        <Menu.Target>
          <Button
            size="compact-sm"
            variant="default"
            rightSection={<IconChevronDown size={14} aria-hidden />}
            aria-label={`${own}: ${classText(is)}. Change it`}
          >
            {WORDS[is.is]}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {choices.map((said) => (
            <Menu.Item key={said} disabled={record.data === undefined} onClick={() => ask(said)}>
              {said === 'server'
                ? 'As the server says'
                : said === 'read'
                  ? 'Say that it only reads'
                  : 'Say that it may write'}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
      <Text size="xs" c="dimmed" mt={2}>
        {BY[is.by]}
      </Text>
    </>
  );
}
