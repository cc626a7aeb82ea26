// Every page of the dashboard, with a person who may see it: what the tests of all pages and the pictures go through. A new page gets its line here.

export interface PageOfDashboard {
  /** Of its picture, without theme and ending. */
  name: string;
  path: string;
  as: string;
  /** The heading that it has once it is there. */
  heading: string;
}

export const PAGES_OF_DASHBOARD: readonly PageOfDashboard[] = [
  { name: 'overview', path: '/overview', as: 'grace.hopper', heading: 'Overview' },
  { name: 'servers', path: '/servers', as: 'grace.hopper', heading: 'Servers' },
  { name: 'server', path: '/servers/sentry', as: 'grace.hopper', heading: 'sentry' },
  { name: 'server-tools', path: '/servers/memory?tab=tools', as: 'grace.hopper', heading: 'memory' },
  { name: 'server-secrets', path: '/servers/sentry?tab=secrets', as: 'grace.hopper', heading: 'sentry' },
  { name: 'server-record', path: '/servers/sentry?tab=record', as: 'grace.hopper', heading: 'sentry' },
  { name: 'servers-add', path: '/servers?add=catalogue', as: 'grace.hopper', heading: 'Servers' },
  { name: 'access', path: '/access', as: 'grace.hopper', heading: 'Access' },
  { name: 'access-rules', path: '/access?tab=rules', as: 'grace.hopper', heading: 'Access' },
  { name: 'access-rule', path: '/access/rules/new', as: 'grace.hopper', heading: 'A new rule' },
  { name: 'access-matrix', path: '/access?tab=matrix', as: 'grace.hopper', heading: 'Access' },
  { name: 'access-bundles', path: '/access?tab=bundles', as: 'grace.hopper', heading: 'Access' },
  {
    name: 'access-why',
    path: '/access?tab=why&who=user:ada.lovelace&what=sentry__fail',
    as: 'grace.hopper',
    heading: 'Access',
  },
  { name: 'welcome', path: '/welcome?step=rules', as: 'grace.hopper', heading: 'First steps' },
  { name: 'people', path: '/people', as: 'grace.hopper', heading: 'People' },
  { name: 'groups', path: '/people?tab=groups', as: 'grace.hopper', heading: 'People' },
  { name: 'person', path: '/people/ada.lovelace', as: 'grace.hopper', heading: 'ada.lovelace' },
  { name: 'log', path: '/log', as: 'grace.hopper', heading: 'Log' },
  { name: 'log-proof', path: '/log/proof', as: 'grace.hopper', heading: 'Verify and report' },
  { name: 'log-secret', path: '/log/secret/sentry-authorization', as: 'grace.hopper', heading: 'sentry-authorization' },
  { name: 'settings', path: '/settings', as: 'grace.hopper', heading: 'Sign-in' },
  { name: 'settings-roles', path: '/settings/roles', as: 'grace.hopper', heading: 'Roles' },
  { name: 'settings-scim', path: '/settings/scim', as: 'grace.hopper', heading: 'SCIM' },
  { name: 'settings-audit', path: '/settings/audit', as: 'grace.hopper', heading: 'Audit log' },
  { name: 'settings-hooks', path: '/settings/hooks', as: 'grace.hopper', heading: 'Hooks' },
  { name: 'settings-keys', path: '/settings/keys', as: 'grace.hopper', heading: 'Keys' },
  { name: 'settings-backup', path: '/settings/backup', as: 'grace.hopper', heading: 'Backup' },
  { name: 'settings-brokers', path: '/settings/brokers', as: 'grace.hopper', heading: 'Brokers' },
  { name: 'settings-workspaces', path: '/settings/workspaces', as: 'grace.hopper', heading: 'Workspaces' },
  { name: 'settings-configuration', path: '/settings/configuration', as: 'grace.hopper', heading: 'Configuration' },
  { name: 'me', path: '/me', as: 'ada.lovelace', heading: 'Hello, ada.lovelace' },
  { name: 'me-devices', path: '/me?tab=devices', as: 'ada.lovelace', heading: 'Hello, ada.lovelace' },
  { name: 'me-calls', path: '/me?tab=calls', as: 'ada.lovelace', heading: 'Hello, ada.lovelace' },
];
