// The pages, in the order of the sidebar: navigation, palette and shortcuts are made of this one list. A page is added here and in routes.tsx.
import type { Access } from 'mcpgate-shared/api/roles';
import type { DashboardPath } from 'mcpgate-shared/api/dashboard/dashboard-paths';
import {
  IconLayoutDashboard,
  IconListDetails,
  IconServer2,
  IconSettings,
  IconShieldCheck,
  IconUserCircle,
  IconUsers,
  type Icon,
} from '@tabler/icons-react';

export interface PageEntry {
  path: `/${DashboardPath}`;
  title: string;
  icon: Icon;
  /** The letter after `g`. */
  letter: string;
  /** Whose page it is: those whose role has this access. The broker refuses the others, whatever is shown. */
  access: Access;
}

export const PAGES: readonly PageEntry[] = [
  { path: '/overview', title: 'Overview', icon: IconLayoutDashboard, letter: 'o', access: 'operator' },
  { path: '/servers', title: 'Servers', icon: IconServer2, letter: 's', access: 'operator' },
  { path: '/access', title: 'Access', icon: IconShieldCheck, letter: 'a', access: 'operator' },
  { path: '/people', title: 'People', icon: IconUsers, letter: 'p', access: 'auditor' },
  { path: '/log', title: 'Log', icon: IconListDetails, letter: 'l', access: 'auditor' },
  { path: '/settings', title: 'Settings', icon: IconSettings, letter: 't', access: 'operator' },
  { path: '/me', title: 'My account', icon: IconUserCircle, letter: 'm', access: 'member' },
];
