// The tools that a person may use, server by server: what each does, and a try.
import { Alert, Button, Code, Stack, Text, TextInput } from '@mantine/core';
import { IconInfoCircle, IconSearch, IconTool } from '@tabler/icons-react';
import { getRouteApi } from '@tanstack/react-router';
import { meApi, type OwnTool } from 'mcpgate-shared/api/me/me-api';
import { useApi } from '../../../api/use-api.ts';
import { DataTable, type Column } from '../../../parts/data-table.tsx';
import { Empty } from '../../../parts/empty.tsx';
import { Loaded } from '../../../parts/loaded.tsx';
import { Section } from '../../../parts/page.tsx';
import { StatusBadge } from '../../../parts/status-badge.tsx';
import { TryTool } from './try-tool.tsx';

const route = getRouteApi('/shell/me');

export function MyTools() {
  const { q = '', tool: tried } = route.useSearch();
  const navigate = route.useNavigate();
  const own = useApi(meApi.tools, {});
  const opened = own.data?.tools.find(({ name }) => name === tried);
  return (
    <Stack gap="lg">
      <Section
        title="Servers and tools"
        lead="What your AI clients see. What is not here, no rule allows you yet."
        flush
        actions={
          <TextInput
            aria-label="Find a tool"
            placeholder="Find a tool"
            leftSection={<IconSearch size={16} aria-hidden />}
            value={q}
            onChange={({ currentTarget: { value } }) =>
              void navigate({ search: (before) => ({ ...before, q: value === '' ? undefined : value }), replace: true })
            }
          />
        }
      >
        <Loaded query={own}>
          {({ tools }) => (
            <DataTable
              label="Your tools"
              rows={tools.filter((tool) => fits(tool, q))}
              columns={COLUMNS}
              rowKey={({ name }) => name}
              sort={{ id: 'name' }}
              isActive={({ name }) => name === tried}
              empty={
                tools.length === 0 ? (
                  <Empty icon={IconTool} title="You may use no tool yet">
                    Your platform team allows tools by rules. Once they do, the tools are here and in your AI clients at
                    once.
                  </Empty>
                ) : (
                  <Empty icon={IconSearch} title="No tool is called so">
                    Its server, its name and what it does are searched.
                  </Empty>
                )
              }
            />
          )}
        </Loaded>
      </Section>
      {own.data !== undefined && own.data.silent.length > 0 && (
        <Alert
          color="gray"
          variant="light"
          icon={<IconInfoCircle aria-hidden />}
          title={`${own.data.silent.join(', ')} listed no tools`}
        >
          You may use something there. It may be starting, have failed, or offer no tools.{' '}
          <Button size="compact-sm" variant="default" loading={own.isFetching} onClick={() => void own.refetch()}>
            Ask again
          </Button>
        </Alert>
      )}
      {opened !== undefined && (
        <TryTool
          key={opened.name}
          tool={opened}
          onClose={() => void navigate({ search: (before) => ({ ...before, tool: undefined }) })}
        />
      )}
    </Stack>
  );
}

const fits = ({ name, title, description }: OwnTool, search: string): boolean =>
  `${name} ${title ?? ''} ${description ?? ''}`.toLowerCase().includes(search.trim().toLowerCase());

const COLUMNS: readonly Column<OwnTool>[] = [
  {
    id: 'name',
    header: 'Tool',
    width: 'minmax(150px, 3fr)',
    sortBy: ({ name }) => name,
    cell: ({ name, title, description }) => (
      <>
        <Code fz="sm">{name}</Code>
        <Text size="xs" c="dimmed" lineClamp={2} mt={2}>
          {[title, description].filter((part) => part !== null).join(': ')}
        </Text>
      </>
    ),
  },
  {
    id: 'does',
    header: 'What it does',
    width: '130px',
    from: 480,
    sortBy: ({ does }) => does,
    cell: ({ does }) => (
      <StatusBadge tone={does === 'read' ? 'quiet' : 'info'}>{does === 'read' ? 'Reads' : 'May write'}</StatusBadge>
    ),
  },
  {
    id: 'try',
    header: 'Try',
    hiddenHeader: true,
    width: '80px',
    align: 'right',
    cell: ({ name }) => <Try name={name} />,
  },
];

function Try({ name }: { name: string }) {
  const navigate = route.useNavigate();
  return (
    <Button
      size="compact-sm"
      variant="default"
      aria-label={`Try ${name}`}
      onClick={() => void navigate({ search: (before) => ({ ...before, tool: name }) })}
    >
      Try
    </Button>
  );
}
