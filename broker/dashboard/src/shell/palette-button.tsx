// Opens the command palette, which is loaded when it is first asked for, or once the page has time.
import { Kbd, Text, UnstyledButton } from '@mantine/core';
import { useHotkeys } from '@mantine/hooks';
import { IconSearch } from '@tabler/icons-react';
import { lazy, Suspense, useState } from 'react';
import type { PageEntry } from '../pages.ts';
import { isMac } from './keys.ts';
import classes from './palette.module.css';

const Palette = lazy(async () => ({ default: (await import('./palette.tsx')).Palette }));

export function PaletteButton({ pages }: { pages: readonly PageEntry[] }) {
  const [asked, setAsked] = useState(0);
  const ask = () => setAsked((times) => times + 1);
  useHotkeys([['mod+K', ask]], []);
  return (
    <>
      <UnstyledButton className={classes['button'] ?? ''} onClick={ask}>
        <IconSearch size={16} aria-hidden />
        <Text size="sm" c="dimmed" flex={1}>
          Find or do
        </Text>
        <Kbd size="xs">{isMac ? '⌘ K' : 'Ctrl K'}</Kbd>
      </UnstyledButton>
      {asked > 0 && (
        <Suspense>
          <Palette pages={pages} asked={asked} />
        </Suspense>
      )}
    </>
  );
}
