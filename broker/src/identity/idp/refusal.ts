// A sign-in that the IdP or this broker refuses: an expected outcome, with words for the person and a reason for the log.

export type RefusalReason =
  | 'throttled'
  | 'unreachable'
  | 'misconfigured'
  | 'denied'
  | 'state'
  | 'code'
  | 'token'
  | 'clock'
  | 'domain'
  | 'groups'
  | 'workspace'
  | 'elsewhere'
  | 'no_account'
  | 'disabled';

/** `message` is for the person; `detail` for the log: never a token, never a code. */
export interface Refusal {
  kind: 'refused';
  reason: RefusalReason;
  message: string;
  detail?: string;
  /** Where that is known: in whose log it belongs, and what the person is called where they come from. */
  workspaceId?: string;
  calledName?: string;
}

export const refused = (reason: RefusalReason, message: string, detail?: string): Refusal => ({
  kind: 'refused',
  reason,
  message,
  ...(detail !== undefined && { detail }),
});
