// Bundles: curated sets of tools with names, texts and fixed arguments of their own.
import { Button, Drawer, Group, Stack, Text } from '@mantine/core';
import { IconPackage } from '@tabler/icons-react';
import { getRouteApi } from '@tanstack/react-router';
import { bundlesApi, type BundleView } from 'mcpgate-shared/api/bundles/bundles';
import { useApi, useChange } from '../../../api/use-api.ts';
import { DataTable, type Column } from '../../../parts/data-table.tsx';
import { Empty } from '../../../parts/empty.tsx';
import { EndButton } from '../../../parts/confirm.tsx';
import { AnchorLink } from '../../../parts/links.tsx';
import { Loaded } from '../../../parts/loaded.tsx';
import { Section } from '../../../parts/page.tsx';
import { Ago } from '../../../parts/time.tsx';
import { toastDone } from '../../../parts/toast.tsx';
import { counted } from '../access-words.ts';
import { OF_RULES } from '../rules/remove-rule.tsx';
import { BundleForm } from './bundle-form.tsx';

const route = getRouteApi('/shell/access');

export function BundlesTab() {
  const bundles = useApi(bundlesApi.list, {});
  const { bundle: open } = route.useSearch();
  const navigate = route.useNavigate();
  const show = (name: string | undefined) => void navigate({ search: { tab: 'bundles', bundle: name } });
  return (
    <>
      <Section
        title="Bundles"
        lead="A client that asks for a bundle sees its tools alone, by the names that it gives them."
        flush
        actions={
          <Button variant="default" onClick={() => show('')}>
            Add a bundle
          </Button>
        }
      >
        <Loaded query={bundles}>
          {(all) => (
            <>
              <DataTable
                label="Bundles"
                rows={all}
                columns={COLUMNS}
                rowKey={({ name }) => name}
                sort={{ id: 'name' }}
                isActive={({ name }) => name === open}
                empty={
                  <Empty icon={IconPackage} title="No bundle yet">
                    A bundle gives an AI client the few tools that a task needs, so that it chooses better.
                  </Empty>
                }
              />
              <Drawer
                opened={open !== undefined}
                onClose={() => show(undefined)}
                title={open === '' ? 'A new bundle' : `The bundle ${open}`}
                size={640}
              >
                {open !== undefined && (
                  <Opened
                    key={open}
                    name={open}
                    bundle={all.find(({ name }) => name === open)}
                    onClose={() => show(undefined)}
                  />
                )}
              </Drawer>
            </>
          )}
        </Loaded>
      </Section>
    </>
  );
}

function Opened(props: { name: string; bundle: BundleView | undefined; onClose: () => void }) {
  const { name, bundle, onClose } = props;
  if (name !== '' && bundle === undefined) return <Empty icon={IconPackage} title={`There is no bundle ${name}`} />;
  return <BundleForm bundle={bundle} onDone={onClose} />;
}

const COLUMNS: readonly Column<BundleView>[] = [
  {
    id: 'name',
    header: 'Bundle',
    width: 'minmax(150px, 2fr)',
    sortBy: ({ name }) => name,
    cell: ({ name, description, managed_by: managedBy }) => (
      <Stack gap={2}>
        <AnchorLink to="/access" search={{ tab: 'bundles', bundle: name }} fw={600} size="sm">
          {name}
        </AnchorLink>
        <Text size="xs" c="dimmed">
          {description}
          {managedBy !== null && ` From the configuration ${managedBy}.`}
        </Text>
      </Stack>
    ),
  },
  {
    id: 'tools',
    header: 'Tools',
    width: '80px',
    align: 'right',
    sortBy: ({ tools }) => tools.length,
    cell: ({ tools }) => tools.length,
  },
  {
    id: 'groups',
    header: 'Default of',
    from: 620,
    sortBy: ({ groups }) => groups.join(),
    cell: ({ groups }) => (groups.length === 0 ? '–' : groups.join(', ')),
  },
  {
    id: 'changed',
    header: 'Changed',
    width: '130px',
    from: 760,
    sortBy: ({ updated_at: at }) => at,
    cell: ({ updated_at: at }) => <Ago at={at} />,
  },
  {
    id: 'remove',
    header: 'Remove',
    hiddenHeader: true,
    width: '90px',
    from: 480,
    align: 'right',
    cell: (bundle) => <RemoveBundle bundle={bundle} />,
  },
];

function RemoveBundle({ bundle: { name, tools, groups } }: { bundle: BundleView }) {
  const remove = useChange(bundlesApi.remove, {
    changes: [bundlesApi.list, ...OF_RULES],
    onDone: () => toastDone({ message: `The bundle ${name} was removed.`, subject: `bundle:${name}` }),
  });
  return (
    <Group justify="flex-end">
      <EndButton
        label={`Remove the bundle ${name}`}
        question={{
          title: `Remove the bundle ${name}?`,
          consequences: [
            `Clients that ask for it lose its ${counted(tools.length, 'tool')} at once. The tools stay where they are.`,
            'Rules that name it stay, and would mean another bundle of that name.',
            ...(groups.length === 0
              ? []
              : [`It is what people of ${groups.join(', ')} get by default; they get everything again.`]),
          ],
          action: 'Remove the bundle',
          run: () => remove.mutateAsync({ params: { name } }),
        }}
      >
        Remove
      </EndButton>
    </Group>
  );
}
