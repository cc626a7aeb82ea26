// Where the dashboard lives: the first parts of the paths at which the broker answers with the web app. The app has its pages below them, and a
// sign-in may lead to them.

/** `signed-in` is the page of a sign-in in a second window; `welcome` leads an empty broker to its first call. */
export const DASHBOARD_PATHS = [
  'overview',
  'servers',
  'people',
  'access',
  'log',
  'settings',
  'me',
  'welcome',
  'signed-in',
] as const;

export type DashboardPath = (typeof DASHBOARD_PATHS)[number];
