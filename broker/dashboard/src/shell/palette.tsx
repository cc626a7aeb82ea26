// The command palette: goes to any page or thing, and does what has no page, by its name. mod+K opens it.
import { Kbd, useMantineColorScheme } from '@mantine/core';
import { Spotlight, spotlight, type SpotlightActionGroupData } from '@mantine/spotlight';
import '@mantine/spotlight/styles.css';
import { IconKeyboard, IconLogout, IconMoon, IconSearch, IconServer2, IconSun } from '@tabler/icons-react';
import { useRouter } from '@tanstack/react-router';
import { serversApi } from 'mcpgate-shared/api/servers';
import { useEffect, useState } from 'react';
import { useSession } from '../api/session.tsx';
import { useApi } from '../api/use-api.ts';
import type { PageEntry } from '../pages.ts';
import { openShortcuts } from './shortcuts.tsx';
import { useSignOut } from './sign-out.ts';

/** `asked`: how often it was asked for; it opens each time. */
export function Palette({ pages, asked }: { pages: readonly PageEntry[]; asked: number }) {
  const { history } = useRouter();
  const session = useSession();
  const { signOut } = useSignOut();
  const { setColorScheme } = useMantineColorScheme();
  const [opened, setOpened] = useState(false);
  useEffect(() => {
    if (asked > 0) spotlight.open();
  }, [asked]);
  const servers = useApi(serversApi.list, {}, { enabled: opened && session.may('operator') });
  const go = (path: string) => () => history.push(path);
  const groups: SpotlightActionGroupData[] = [
    {
      group: 'Pages',
      actions: pages.map(({ path, title, icon: PageIcon, letter }) => ({
        id: path,
        label: title,
        leftSection: <PageIcon size={19} stroke={1.7} aria-hidden />,
        rightSection: <Kbd size="xs">g {letter}</Kbd>,
        onClick: go(path),
      })),
    },
    {
      group: 'Servers',
      actions: (servers.data ?? []).map(({ name }) => ({
        id: `server:${name}`,
        label: name,
        leftSection: <IconServer2 size={19} stroke={1.7} aria-hidden />,
        onClick: go(`/servers/${name}`),
      })),
    },
    {
      group: 'Do',
      actions: [
        {
          id: 'dark',
          label: 'Use dark colours',
          leftSection: <IconMoon size={19} />,
          onClick: () => setColorScheme('dark'),
        },
        {
          id: 'light',
          label: 'Use light colours',
          leftSection: <IconSun size={19} />,
          onClick: () => setColorScheme('light'),
        },
        {
          id: 'keys',
          label: 'Show the keyboard shortcuts',
          leftSection: <IconKeyboard size={19} />,
          onClick: openShortcuts,
        },
        { id: 'out', label: 'Sign out', leftSection: <IconLogout size={19} />, onClick: signOut },
      ],
    },
  ];
  return (
    <Spotlight
      actions={groups.filter(({ actions }) => actions.length > 0)}
      shortcut={null}
      onSpotlightOpen={() => setOpened(true)}
      nothingFound="Nothing has this name."
      highlightQuery
      scrollable
      maxHeight={420}
      limit={40}
      attributes={{ content: { 'aria-label': 'Find or do' } }}
      searchProps={{
        leftSection: <IconSearch size={18} aria-hidden />,
        placeholder: 'Find or do',
        'aria-label': 'Find or do',
      }}
    />
  );
}
