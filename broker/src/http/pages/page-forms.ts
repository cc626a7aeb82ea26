// Reads what the forms and links of the pages send, and makes the paths that they lead to. A missing or malformed field is read as empty, and the page
// then says what is missing.
import { DASHBOARD_PATHS } from 'mcpgate-shared/api/dashboard/dashboard-paths';
import { z } from 'zod';
import { isOwnPath } from '../../identity/browser/own-path.ts';

const text = (maxLength: number) => z.string().max(maxLength).catch('');

export const TokenQuerySchema = z.object({ token: text(128) }).catch({ token: '' });
export const UserCodeQuerySchema = z
  .object({ user_code: text(64), workspace: text(64) })
  .catch({ user_code: '', workspace: '' });
/** The pages of accounts, as `to` has them. */
const ACCOUNTS = /^accounts(?:\/[a-z0-9-]{1,24}(?:\/shared)?)?$/;
/** What waits for a person, likewise. */
const REQUESTS = /^requests(?:\/q_[a-z2-7]{8})?$/;
/** Pages of the dashboard with what their addresses show. Each begins with a name of this broker's: none is read as another host's. */
export const DASHBOARD = new RegExp(
  `^(?:${DASHBOARD_PATHS.join('|')})(?:/(?!\\.{1,2}(?:[/?]|$))[\\w.~%@:+-]+)*(?:\\?[\\w.~%@:+=&*,-]*)?$`,
);
/**
 * Where a sign-in leads: by default to the home page; with `to` to the device page, one of accounts or of the dashboard, with `user_code` to that device, with `consent` to the request of
 * an HTTP client. `workspace`: the one to sign in to; empty: the first one.
 */
const goal = {
  user_code: text(64),
  consent: text(64),
  to: z
    .union([
      z.literal(['device', '']),
      z.string().regex(ACCOUNTS),
      z.string().regex(REQUESTS),
      z.string().max(1000).regex(DASHBOARD),
    ])
    .catch(''),
  workspace: text(64),
};
const noGoal = { user_code: '', consent: '', to: '', workspace: '' } as const;
export type LoginGoal = z.output<z.ZodObject<typeof goal>>;
export const LoginQuerySchema = z.object(goal).catch(noGoal);
export const LoginFormSchema = z
  .object({ name: text(256), password: text(1024), ...goal })
  .catch({ name: '', password: '', ...noGoal });
/** What a browser has made of a passkey, as JSON; what is none is told by whoever looks at it. */
const passkeyAnswer = z
  .string()
  .max(14_000)
  .transform((json): unknown => {
    try {
      return JSON.parse(json);
    } catch {
      return undefined; // of a stranger: refused as malformed, and recorded
    }
  })
  .catch(undefined);
export const PasskeyLoginFormSchema = z
  .object({ passkey: passkeyAnswer, ...goal })
  .catch({ passkey: undefined, ...noGoal });
const ownPath = z.string().refine(isOwnPath).catch('/');
export const GoToQuerySchema = z
  .object({ go_to: ownPath, again: text(8), try: text(8) })
  .catch({ go_to: '/', again: '', try: '' });
export const SecondStepFormSchema = z
  .object({ passkey: passkeyAnswer, name: text(60), go_to: ownPath })
  .catch({ passkey: undefined, name: '', go_to: '/' });
export const ReauthenticationFormSchema = z
  .object({ passkey: passkeyAnswer.optional(), password: text(1024), go_to: ownPath })
  .catch({ passkey: undefined, password: '', go_to: '/' });
export const PasswordFormSchema = z
  .object({ current: text(1024), password: text(1024), repeat: text(1024) })
  .catch({ current: '', password: '', repeat: '' });
export const PasskeyFormSchema = z.object({ id: text(64) }).catch({ id: '' });
export const ConsentQuerySchema = z.object({ problem: text(64) }).catch({ problem: '' });
export const ConsentFormSchema = z
  .object({ decision: z.enum(['approve', 'deny', '']).catch('') })
  .catch({ decision: '' });
export const SetupFormSchema = z
  .object({ token: text(128), name: text(256), password: text(1024), repeat: text(1024) })
  .catch({ token: '', name: '', password: '', repeat: '' });
export const DeviceFormSchema = z
  .object({ user_code: text(64), typed_code: text(64), decision: z.enum(['approve', 'deny', '']).catch('') })
  .catch({ user_code: '', typed_code: '', decision: '' });

export const RequestFormSchema = z
  .object({ decision: z.enum(['ask', 'approve', 'hour', 'deny', '']).catch(''), note: text(300), reason: text(300) })
  .catch({ decision: '', note: '', reason: '' });

/** The keys of an account, under names that its server's record has. */
export const KeysFormSchema = z.record(z.string().max(64), z.string().max(70_000)).catch({});

export const consentPath = (id: string): string => `/consent/${encodeURIComponent(id)}`;

/** The path to go to after the sign-in. */
export const pathAfter = ({ user_code: userCode, consent, to }: LoginGoal): string => {
  if (consent !== '') return consentPath(consent);
  if (userCode !== '') return `/device?user_code=${encodeURIComponent(userCode)}`;
  return `/${to}`;
};
