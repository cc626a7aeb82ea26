// The refusal of a sign-in, by the IdP or by this broker: an expected outcome, with a message for the person and a reason for the log.

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

/** `message`: for the person. `detail`: for the log; never a token or a code. */
export interface Refusal {
  kind: 'refused';
  reason: RefusalReason;
  message: string;
  detail?: string;
  /** The workspace in whose log the refusal is recorded, and the IdP's or proxy's name for the person, where these are known. */
  workspaceId?: string;
  calledName?: string;
}

export const refused = (reason: RefusalReason, message: string, detail?: string): Refusal => ({
  kind: 'refused',
  reason,
  message,
  ...(detail !== undefined && { detail }),
});
