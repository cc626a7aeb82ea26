// The tabs of a page. Which one is shown is part of the address; only that one is drawn.
import { Stack, Tabs } from '@mantine/core';
import type { Icon } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import classes from './page-tabs.module.css';

export interface TabOfPage<Name extends string> {
  name: Name;
  title: string;
  icon?: Icon;
  content: ReactNode;
}

export function PageTabs<Name extends string>(props: {
  /** What the tabs are about, for people who hear the page read. */
  label: string;
  tabs: readonly TabOfPage<Name>[];
  shown: Name;
  onShow: (name: Name) => void;
}) {
  const { label, tabs, shown, onShow } = props;
  const current = tabs.find(({ name }) => name === shown) ?? tabs[0];
  if (current === undefined) return null;
  return (
    <Tabs
      value={current.name}
      keepMounted={false}
      onChange={(value) => {
        const tab = tabs.find(({ name }) => name === value);
        if (tab !== undefined) onShow(tab.name);
      }}
    >
      <Tabs.List aria-label={label} className={classes['list'] ?? ''}>
        {tabs.map(({ name, title, icon: TabIcon }) => (
          <Tabs.Tab
            key={name}
            value={name}
            {...(TabIcon !== undefined && { leftSection: <TabIcon size={17} aria-hidden /> })}
          >
            {title}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      <Tabs.Panel value={current.name} pt="lg">
        <Stack gap="lg">{current.content}</Stack>
      </Tabs.Panel>
    </Tabs>
  );
}
