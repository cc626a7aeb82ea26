// How long a grant or a token may be good for, as the forms offer it.
const DAY_S = 86_400;

/** In seconds, or `never`. */
export const GRANT_LIFETIMES = [
  { value: String(7 * DAY_S), label: '7 days' },
  { value: String(30 * DAY_S), label: '30 days' },
  { value: String(90 * DAY_S), label: '90 days' },
  { value: String(365 * DAY_S), label: 'a year' },
  { value: 'never', label: 'without an end' },
];

export const USUAL_GRANT_LIFETIME = String(90 * DAY_S);
