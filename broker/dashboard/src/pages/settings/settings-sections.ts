// The sections of the settings, in the order of their list: each has an address of its own, and is for those whose role has its access.
import type { Access } from 'mcpgate-shared/api/roles';
import {
  IconArchive,
  IconBuilding,
  IconFileSettings,
  IconKey,
  IconListCheck,
  IconLogin2,
  IconServerCog,
  IconUserShield,
  IconUsersPlus,
  IconWebhook,
  type Icon,
} from '@tabler/icons-react';

export interface SettingsSection {
  title: string;
  lead: string;
  icon: Icon;
  access: Access;
}

export const SETTINGS_SECTIONS = {
  'sign-in': {
    title: 'Sign-in',
    lead: 'Who signs people in, and what is demanded of them.',
    icon: IconLogin2,
    access: 'admin',
  },
  roles: {
    title: 'Roles',
    lead: 'Who may administer what. What people may use is said by rules.',
    icon: IconUserShield,
    access: 'admin',
  },
  scim: {
    title: 'SCIM',
    lead: 'Your identity provider adds people and groups here, and ends them.',
    icon: IconUsersPlus,
    access: 'admin',
  },
  audit: {
    title: 'Audit log',
    lead: 'How surely it is kept, and what proves that it is whole.',
    icon: IconListCheck,
    access: 'operator',
  },
  hooks: {
    title: 'Hooks',
    lead: 'Who is asked about calls, and who is told what happens.',
    icon: IconWebhook,
    access: 'operator',
  },
  keys: {
    title: 'Keys',
    lead: 'What seals the secrets, and what signs for this broker.',
    icon: IconKey,
    access: 'admin',
  },
  backup: {
    title: 'Backup',
    lead: 'A copy of everything but the master key.',
    icon: IconArchive,
    access: 'operator',
  },
  brokers: {
    title: 'Brokers',
    lead: 'What runs here, in which version, and beside which others.',
    icon: IconServerCog,
    access: 'operator',
  },
  workspaces: {
    title: 'Workspaces',
    lead: 'Each with people, servers, secrets, rules and a log of its own.',
    icon: IconBuilding,
    access: 'admin',
  },
  configuration: {
    title: 'Configuration',
    lead: 'What holds now, and where each value came from.',
    icon: IconFileSettings,
    access: 'admin',
  },
} as const satisfies Record<string, SettingsSection>;

export type SectionName = keyof typeof SETTINGS_SECTIONS;

export const SECTION_NAMES = Object.keys(SETTINGS_SECTIONS) as SectionName[];

export const isSection = (name: string): name is SectionName => Object.hasOwn(SETTINGS_SECTIONS, name);
