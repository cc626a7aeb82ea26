// `g` and then a letter goes to a page, `?` shows all shortcuts. Nothing listens while somebody types or a dialog is open.
import { Group, Kbd, Modal, Stack, Text } from '@mantine/core';
import { useRouter } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import type { PageEntry } from '../pages.ts';
import { isMac } from './keys.ts';

const OPEN = 'mcpgate:shortcuts';
/** How long the `g` waits for its letter. */
const WAIT_MS = 1_500;

export const openShortcuts = (): void => {
  window.dispatchEvent(new Event(OPEN));
};

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof Element &&
  target.closest('input, textarea, select, [contenteditable], [role=dialog], [role=menu]') !== null;

export function Shortcuts({ pages }: { pages: readonly PageEntry[] }) {
  const { history } = useRouter();
  const [opened, setOpened] = useState(false);
  useEffect(() => {
    let goneAt = 0;
    const onKey = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      if (event.key === '?') return setOpened(true);
      const wasGo = event.timeStamp - goneAt < WAIT_MS;
      goneAt = event.key === 'g' ? event.timeStamp : 0;
      const page = wasGo ? pages.find(({ letter }) => letter === event.key) : undefined;
      if (page === undefined) return undefined;
      event.preventDefault();
      return history.push(page.path);
    };
    const onOpen = () => setOpened(true);
    window.addEventListener('keydown', onKey);
    window.addEventListener(OPEN, onOpen);
    return () => {
      window.removeEventListener('keydown', onKey);
      window.removeEventListener(OPEN, onOpen);
    };
  }, [pages, history]);
  const lines: readonly (readonly [readonly string[], string])[] = [
    [[isMac ? '⌘' : 'Ctrl', 'K'], 'Find a page or a thing, or do something'],
    ...pages.map(({ letter, title }) => [['g', letter], `Go to ${title}`] as const),
    [['↑', '↓'], 'Go through the rows of a table'],
    [['Enter'], 'Open the row'],
    [['Esc'], 'Close what is open'],
    [['?'], 'Show this'],
  ];
  return (
    <Modal opened={opened} onClose={() => setOpened(false)} title="Keyboard shortcuts">
      <Stack gap="xs">
        {lines.map(([keys, meaning]) => (
          <Group key={meaning} justify="space-between" wrap="nowrap">
            <Text size="sm">{meaning}</Text>
            <Group gap={4} wrap="nowrap">
              {keys.map((key) => (
                <Kbd key={key}>{key}</Kbd>
              ))}
            </Group>
          </Group>
        ))}
      </Stack>
    </Modal>
  );
}
