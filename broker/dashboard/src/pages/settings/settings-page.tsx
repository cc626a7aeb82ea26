// The settings: a list of sections, and the one that the address names.
import { Box } from '@mantine/core';
import { getRouteApi } from '@tanstack/react-router';
import { useEffect, useRef, type ComponentType } from 'react';
import { Problem } from '../../api/problem.ts';
import { useSession } from '../../api/session.tsx';
import { MenuLink } from '../../parts/links.tsx';
import { Page } from '../../parts/page.tsx';
import { ProblemView } from '../../parts/problem-view.tsx';
import { AuditSettings } from './about/audit-settings.tsx';
import { BackupSettings } from './about/backup-settings.tsx';
import { BrokerSettings } from './about/broker-settings.tsx';
import { ConfigurationSettings } from './about/configuration-settings.tsx';
import { WorkspaceSettings } from './about/workspace-settings.tsx';
import { HookSettings } from './hooks/hook-settings.tsx';
import { KeySettings } from './keys/key-settings.tsx';
import { RoleSettings } from './roles/role-settings.tsx';
import { ScimSettings } from './scim/scim-settings.tsx';
import { isSection, SECTION_NAMES, SETTINGS_SECTIONS, type SectionName } from './settings-sections.ts';
import classes from './settings.module.css';
import { SignInSettings } from './sign-in/sign-in-settings.tsx';

const CONTENTS: Readonly<Record<SectionName, ComponentType>> = {
  'sign-in': SignInSettings,
  roles: RoleSettings,
  scim: ScimSettings,
  audit: AuditSettings,
  hooks: HookSettings,
  keys: KeySettings,
  backup: BackupSettings,
  brokers: BrokerSettings,
  workspaces: WorkspaceSettings,
  configuration: ConfigurationSettings,
};

const route = getRouteApi('/shell/settings/$section');

/** The first section that the person may see. */
export function SettingsStart() {
  const { may } = useSession();
  const first = SECTION_NAMES.find((name) => may(SETTINGS_SECTIONS[name].access)) ?? 'sign-in';
  return <Shown name={first} />;
}

export function SettingsPage() {
  const { section } = route.useParams();
  if (isSection(section)) return <Shown name={section} />;
  return (
    <Page title="Settings">
      <ProblemView problem={new Problem('not_found', `There is no part of the settings that is called ${section}.`)} />
    </Page>
  );
}

function Shown({ name }: { name: SectionName }) {
  const { may } = useSession();
  const { title, lead, access } = SETTINGS_SECTIONS[name];
  const Content = CONTENTS[name];
  return (
    <div className={classes['layout']}>
      <Sections shown={name} />
      <Page title={title} lead={lead}>
        {may(access) ? (
          <Content />
        ) : (
          <ProblemView
            problem={new Problem('forbidden', 'Administrators see this part of the settings. Ask one of them.')}
          />
        )}
      </Page>
    </div>
  );
}

function Sections({ shown }: { shown: SectionName }) {
  const { may } = useSession();
  const list = useRef<HTMLElement>(null);
  // Where the list scrolls sideways, the section that is shown is in sight.
  useEffect(() => {
    const current = list.current?.querySelector<HTMLElement>(`[data-section="${shown}"]`);
    if (current !== null && current !== undefined && list.current !== null)
      list.current.scrollLeft = current.offsetLeft - list.current.offsetLeft - 40;
  }, [shown]);
  return (
    <Box component="nav" aria-label="Settings" className={classes['list'] ?? ''} ref={list}>
      {SECTION_NAMES.filter((name) => may(SETTINGS_SECTIONS[name].access)).map((name) => {
        const { title, icon: SectionIcon } = SETTINGS_SECTIONS[name];
        return (
          <MenuLink
            key={name}
            data-section={name}
            to="/settings/$section"
            params={{ section: name }}
            label={title}
            leftSection={<SectionIcon size={18} stroke={1.7} aria-hidden />}
            active={name === shown}
            {...(name === shown && { 'aria-current': 'page' })}
            className={classes['link'] ?? ''}
          />
        );
      })}
    </Box>
  );
}
