// The frame around the pages: who is signed in, where one can go, what the whole page must say. Pages are drawn into its main part.
import { AppShell, Box, Burger, Group, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { Notifications } from '@mantine/notifications';
import { Outlet, useRouter } from '@tanstack/react-router';
import { lazy, Suspense, useEffect } from 'react';
import { useSession } from '../api/session.tsx';
import { ConfirmProvider } from '../parts/confirm.tsx';
import { MenuLink } from '../parts/links.tsx';
import { NowProvider } from '../parts/time.tsx';
import { PAGES } from '../pages.ts';
import { Mark } from './mark.tsx';
import { OfflineBanner } from './offline-banner.tsx';
import { PaletteButton } from './palette-button.tsx';
import { Reauthenticate } from './reauthenticate.tsx';
import { SessionEnded } from './session-ended.tsx';
import { Shortcuts } from './shortcuts.tsx';
import { UserMenu } from './user-menu.tsx';

import classes from './shell.module.css';

const WorkspaceSwitch = lazy(async () => ({ default: (await import('./workspace-switch.tsx')).WorkspaceSwitch }));

/**
 * After a change of page the focus goes to its title, so that it is heard and the next Tab goes on from there. Who has clicked or typed since they
 * left, while the page was still loading, keeps the focus: a list that they have opened would close.
 */
function useFocusOnPages(): void {
  const router = useRouter();
  useEffect(() => {
    let hasActed = false;
    const act = () => (hasActed = true);
    const acts = ['pointerdown', 'keydown'] as const;
    acts.forEach((type) => document.addEventListener(type, act, true));
    const ends = [
      router.subscribe('onBeforeNavigate', () => (hasActed = false)),
      router.subscribe('onRendered', ({ fromLocation, pathChanged }) => {
        if (fromLocation === undefined || !pathChanged || hasActed) return;
        const target = document.querySelector<HTMLElement>('main h1') ?? document.querySelector<HTMLElement>('main');
        target?.focus({ preventScroll: true });
      }),
      () => acts.forEach((type) => document.removeEventListener(type, act, true)),
    ];
    return () => ends.forEach((end) => end());
  }, [router]);
}

export function Shell() {
  const [opened, { toggle, close }] = useDisclosure(false);
  const session = useSession();
  useFocusOnPages();
  const pages = PAGES.filter(({ access }) => session.may(access));
  return (
    <NowProvider>
      <Reauthenticate>
        <ConfirmProvider>
          <a className="skip" href="#main">
            Skip to content
          </a>
          <AppShell
            layout="alt"
            header={{ height: 56, collapsed: false }}
            navbar={{ width: 244, breakpoint: 'sm', collapsed: { mobile: !opened } }}
            padding={{ base: 'md', sm: 'xl' }}
            classNames={{
              main: classes['main'] ?? '',
              navbar: classes['navbar'] ?? '',
              header: classes['header'] ?? '',
            }}
          >
            <AppShell.Header data-shell hiddenFrom="sm">
              <Group h="100%" px="md" justify="space-between">
                <Group gap="xs">
                  <Mark size={24} />
                  <Text fw={650}>mcpgate</Text>
                </Group>
                <Burger
                  opened={opened}
                  onClick={toggle}
                  size="sm"
                  aria-label={opened ? 'Close the menu' : 'Open the menu'}
                />
              </Group>
            </AppShell.Header>
            <AppShell.Navbar p="sm" aria-label="Pages">
              <Stack gap="sm" h="100%">
                <Group justify="space-between" wrap="nowrap" px={6} pt={4}>
                  <Group gap="xs" wrap="nowrap">
                    <Mark />
                    <Text fw={650} size="lg">
                      mcpgate
                    </Text>
                  </Group>
                  <Burger hiddenFrom="sm" opened={opened} onClick={close} size="sm" aria-label="Close the menu" />
                </Group>
                {session.workspaces.length > 1 && (
                  <Suspense>
                    <WorkspaceSwitch />
                  </Suspense>
                )}
                <PaletteButton pages={pages} />
                <Box flex={1} className={classes['links'] ?? ''}>
                  {pages.map(({ path, title, icon: PageIcon }) => (
                    <MenuLink
                      key={path}
                      to={path as '/'}
                      label={title}
                      leftSection={<PageIcon size={19} stroke={1.7} aria-hidden />}
                      activeProps={{ active: true, 'aria-current': 'page' }}
                      onClick={close}
                      className={classes['link'] ?? ''}
                    />
                  ))}
                </Box>
                <UserMenu />
              </Stack>
            </AppShell.Navbar>
            <AppShell.Main id="main" tabIndex={-1}>
              <OfflineBanner />
              <Outlet />
            </AppShell.Main>
          </AppShell>
          <Shortcuts pages={pages} />
          <SessionEnded />
          <Notifications position="bottom-right" />
        </ConfirmProvider>
      </Reauthenticate>
    </NowProvider>
  );
}
