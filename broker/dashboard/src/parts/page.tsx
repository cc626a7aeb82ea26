// The frame of every page: its title (also of the tab), one sentence, what can be done here, and tabs that are part of the address.
import { Breadcrumbs, Group, Stack, Text, Title } from '@mantine/core';
import { useEffect, useId, type ReactNode } from 'react';
import classes from './page.module.css';

export interface PageProps {
  title: string;
  /** What this page is about, in a sentence. */
  lead?: ReactNode;
  /** The way back, as links: the list that this one is of. */
  above?: ReactNode;
  /** Beside the title: a state. */
  badge?: ReactNode;
  /** Buttons, the most important one last. */
  actions?: ReactNode;
  children: ReactNode;
}

export function Page({ title, lead, above, badge, actions, children }: PageProps) {
  useEffect(() => {
    document.title = `${title} · mcpgate`;
  }, [title]);
  return (
    <Stack gap="lg" className={classes['page'] ?? ''}>
      <Group justify="space-between" align="flex-start" gap="md">
        <Stack gap={4} flex={1} miw={240}>
          {above !== undefined && <Breadcrumbs className={classes['above'] ?? ''}>{above}</Breadcrumbs>}
          <Group gap="sm">
            <Title order={1} tabIndex={-1} className={classes['title'] ?? ''}>
              {title}
            </Title>
            {badge}
          </Group>
          {lead !== undefined && (
            <Text c="dimmed" maw={760} component="div" className={classes['lead'] ?? ''}>
              {lead}
            </Text>
          )}
        </Stack>
        {actions !== undefined && <Group gap="sm">{actions}</Group>}
      </Group>
      {children}
    </Stack>
  );
}

/** A part of a page under a heading, on a card. */
export function Section(props: {
  title: string;
  lead?: ReactNode;
  actions?: ReactNode;
  flush?: boolean;
  children: ReactNode;
}) {
  const { title, lead, actions, flush = false, children } = props;
  const id = useId();
  return (
    <section aria-labelledby={id} className={classes['section']} data-flush={flush || undefined}>
      <Group justify="space-between" align="center" gap="sm" className={classes['head'] ?? ''}>
        <div className={classes['said']}>
          <Title order={2} id={id}>
            {title}
          </Title>
          {lead !== undefined && (
            <Text c="dimmed" size="sm" component="div">
              {lead}
            </Text>
          )}
        </div>
        {actions !== undefined && <Group gap="xs">{actions}</Group>}
      </Group>
      <div className={classes['body']}>{children}</div>
    </section>
  );
}
