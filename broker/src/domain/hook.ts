// Hooks: addresses outside that a workspace asks for decisions, or tells of what waits for somebody's yes. As stored, and as the other rooms read them.
import { referencesIn } from 'mcpgate-shared/values/secret-reference';

interface HookBase {
  name: string;
  /** May hold `${secret:NAME}` behind its host. */
  url: string;
  enabled: boolean;
  /** How long one answer may take. */
  timeoutMs: number;
  /** The secret whose value signs what is sent. */
  secret: string | null;
  /** The secret whose value is sent as `Authorization: Bearer`. */
  bearer: string | null;
  /** The configuration that the hook stands in, where one does. */
  managedBy: string | null;
  createdAt: number;
  updatedAt: number;
  createdBy: string;
}

/** Is asked about calls that the rules let through, and may deny them. A workspace has one at the most, named `authorize`. */
export interface AuthorizeHook extends HookBase {
  kind: 'authorize';
  /** It is asked about these things alone, written like WHAT of a rule; none: about all. */
  what: readonly string[];
  /** Who may say yes where it answers `ask`, written like WHO. None: administrators. */
  approvers: readonly string[];
  /** Whether it gets the arguments, besides their digest. */
  sendsArguments: boolean;
}

export type HookFormat = 'slack' | 'standard';

/** Is told what waits for somebody's yes, and may bring the decision back. */
export interface ApprovalsHook extends HookBase {
  kind: 'approvals';
  format: HookFormat;
  /** The secret that proves decisions which come back: Slack's signing secret, or that of a signed form. Null: none may. */
  signingSecret: string | null;
  /** Whose a decision is: `user:NAME` by the id that the other side has for them. */
  people: Readonly<Record<string, string>>;
  /** An e-mail address in a signed decision names a person, too. */
  byEmail: boolean;
}

export type LogFormat = 'standard' | 'otlp';

/** Is sent the audit log of its workspace: over HTTP in one of the formats, or as syslog where its address says so. */
export interface LogHook extends HookBase {
  kind: 'log';
  /** `calls`, `denials`, `begun`, `events`, or types of events, which may end in `*`; none: all. */
  what: readonly string[];
  /** What is sent over HTTP: Standard Webhooks, or OTLP logs. */
  format: LogFormat;
  /** Further headers; values may hold `${secret:NAME}`. */
  headers: Readonly<Record<string, string>>;
  /** PEM certificates that are trusted instead of the system's. */
  ca: string | null;
  /** The secret with the certificate and key (PEM) that a syslog receiver is shown. */
  certificate: string | null;
  /** The longest syslog message. Null: what receivers take unless told otherwise. */
  maxBytes: number | null;
}

export type Hook = AuthorizeHook | ApprovalsHook | LogHook;

/** What the log of a workspace is sent to, among all destinations. */
export const logDestination = (workspaceId: string, name: string): string => `log:${workspaceId}/${name}`;

/** The secrets that a hook names, besides those in its URL. */
export function secretsOfHook(hook: Hook): string[] {
  const own = hook.kind === 'approvals' ? hook.signingSecret : hook.kind === 'log' ? hook.certificate : null;
  const headers = hook.kind === 'log' ? Object.values(hook.headers) : [];
  const named = headers.flatMap((text) => referencesIn(text).map(({ name }) => name));
  return [...new Set([...[hook.secret, hook.bearer, own].flatMap((name) => name ?? []), ...named])];
}

/** What the records of calls, denials and approvals have in the place of a rule. */
export const hookRule = (name: string): string => `hook:${name}`;
