// One server: how it is and why, what it offers, its secrets, and what is said of it.
import { Button, Menu, Tabs } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconChevronDown } from '@tabler/icons-react';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { serversApi, type Server } from 'mcpgate-shared/api/servers';
import { statusApi } from 'mcpgate-shared/api/status';
import { useSession } from '../../api/session.tsx';
import { useApi, useChange } from '../../api/use-api.ts';
import { useConfirm } from '../../parts/confirm.tsx';
import { AnchorLink } from '../../parts/links.tsx';
import { Loaded } from '../../parts/loaded.tsx';
import { Page } from '../../parts/page.tsx';
import { StatusBadge } from '../../parts/status-badge.tsx';
import { toastDone } from '../../parts/toast.tsx';
import { RenameServer } from './rename-server.tsx';
import { healthOf } from './server-health.ts';
import { ServerKnown } from './server-known.tsx';
import { ServerRecord } from './server-record.tsx';
import { ServerSecrets } from './server-secrets.tsx';
import { ServerTools } from './server-tools.tsx';

const route = getRouteApi('/shell/servers/$name');

export function ServerPage() {
  const { name } = route.useParams();
  const { tab = 'health' } = route.useSearch();
  const navigate = route.useNavigate();
  const server = useApi(serversApi.show, { params: { name } });
  const health = server.data && healthOf(server.data);
  return (
    <Page
      title={name}
      above={
        <AnchorLink to="/servers" size="sm">
          Servers
        </AnchorLink>
      }
      badge={health && <StatusBadge tone={health.tone}>{health.word}</StatusBadge>}
      lead={health?.why}
      actions={server.data && <Actions server={server.data} />}
    >
      <Loaded query={server}>
        {(data) => (
          <Tabs
            value={tab}
            keepMounted={false}
            onChange={(chosen) =>
              void navigate({ search: (before) => ({ ...before, tab: TABS.find((each) => each === chosen) }) })
            }
          >
            <Tabs.List mb="lg">
              <Tabs.Tab value="health">Health</Tabs.Tab>
              <Tabs.Tab value="tools">Tools</Tabs.Tab>
              <Tabs.Tab value="secrets">Secrets</Tabs.Tab>
              <Tabs.Tab value="record">Record</Tabs.Tab>
            </Tabs.List>
            <Tabs.Panel value="health">
              <ServerKnown server={data} />
            </Tabs.Panel>
            <Tabs.Panel value="tools">
              <ServerTools server={data.name} />
            </Tabs.Panel>
            <Tabs.Panel value="secrets">
              <ServerSecrets server={data.name} />
            </Tabs.Panel>
            <Tabs.Panel value="record">
              <ServerRecord name={data.name} />
            </Tabs.Panel>
          </Tabs>
        )}
      </Loaded>
    </Page>
  );
}

const TABS = ['health', 'tools', 'secrets', 'record'] as const;

function Actions({ server: { name, enabled, secrets } }: { server: Server }) {
  const confirm = useConfirm();
  const navigate = useNavigate();
  const changes = [serversApi.list, serversApi.show, statusApi.status];
  const subject = `server:${name}`;
  const enable = useChange(serversApi.enable, {
    changes,
    onDone: () => toastDone({ message: `${name} is on.`, subject }),
  });
  const disable = useChange(serversApi.disable, {
    changes,
    onDone: () => toastDone({ message: `${name} is off.`, subject }),
  });
  const remove = useChange(serversApi.remove, {
    changes: [serversApi.list, statusApi.status],
    onDone() {
      toastDone({ message: `${name} was removed.`, subject });
      void navigate({ to: '/servers' });
    },
  });
  const mayRename = useSession().may('admin');
  const [isRenaming, { open: openRename, close: closeRename }] = useDisclosure(false);
  return (
    <>
      <RenameServer name={name} opened={isRenaming} onClose={closeRename} />
      <Menu position="bottom-end">
        <Menu.Target>
          <Button variant="default" rightSection={<IconChevronDown size={16} aria-hidden />}>
            Change
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item
            onClick={() =>
              confirm(
                enabled
                  ? {
                      title: `Turn ${name} off?`,
                      consequences: [
                        'No call reaches it any more; those under way go on.',
                        'Its record and secrets stay.',
                      ],
                      action: 'Turn it off',
                      run: () => disable.mutateAsync({ params: { name } }),
                    }
                  : {
                      title: `Turn ${name} on?`,
                      consequences: ['Everybody whom a rule allows it sees its tools again at once.'],
                      action: 'Turn it on',
                      run: () => enable.mutateAsync({ params: { name } }),
                    },
              )
            }
          >
            {enabled ? 'Turn it off' : 'Turn it on'}
          </Menu.Item>
          {mayRename && <Menu.Item onClick={openRename}>Rename it</Menu.Item>}
          <Menu.Item
            color="red"
            onClick={() =>
              confirm({
                title: `Remove ${name}?`,
                consequences: [
                  'Its tools are gone from every AI client at once.',
                  'Accounts that people have connected there are ended, at its provider too where that takes it.',
                  secrets.length === 0
                    ? 'It uses no secret.'
                    : `Its secrets (${secrets.join(', ')}) stay in the vault; end them at their service.`,
                  'What it did stays in the log.',
                ],
                action: 'Remove the server',
                destroys: true,
                typed: name,
                run: () => remove.mutateAsync({ params: { name } }),
              })
            }
          >
            Remove it
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
    </>
  );
}
