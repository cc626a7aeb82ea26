// Where pages lead to.
import type { LoginGoal } from './page-forms.ts';

export const consentPath = (id: string): string => `/consent/${encodeURIComponent(id)}`;

/** Where a sign-in leads to. */
export const pathAfter = ({ user_code: userCode, consent, to }: LoginGoal): string => {
  if (consent !== '') return consentPath(consent);
  if (userCode !== '') return `/device?user_code=${encodeURIComponent(userCode)}`;
  return to === 'device' ? '/device' : '/';
};
