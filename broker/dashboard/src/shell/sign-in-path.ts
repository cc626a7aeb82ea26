/** The sign-in page, which leads back to `path` of the dashboard. */
export const signInPath = (path: string): string => `/login?${new URLSearchParams({ to: path.slice(1) }).toString()}`;
