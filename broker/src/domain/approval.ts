// What a person is asked before a call goes on under a rule that asks, and the access that a denied person asks for: one queue of both.

/** `call`: a call waits for a yes. `access`: a person asks to be allowed what was denied. */
export type ApprovalKind = 'call' | 'access';

/**
 * `offered`: a denial named it, and nobody has asked yet. `used`: its one call went on. `over`: its time ran out. What is `used` or `over` is only
 * kept for people to see.
 */
export type ApprovalState = 'offered' | 'open' | 'approved' | 'denied' | 'used' | 'over';

/** Why a call has not used up what was approved: it was not carried out, or its server asks its client for more before it is. */
export type GivenBack = 'not_carried_out' | 'asked_for_more';

/** `once`: for the very call. `while`: for whatever that person asks of that thing until it expires. */
export type ApprovalScope = 'once' | 'while';

export interface Approval {
  workspaceId: string;
  /** `q_` and 8 characters. */
  id: string;
  kind: ApprovalKind;
  /** Who asks: `user:ID`, or `grant:ID` for a grant of nobody. */
  ownerKey: string;
  /** The same as rules name them: `user:ada`. */
  who: string;
  device: string | null;
  clientName: string | null;
  address: string | null;
  server: string;
  /** By the name that rules use. */
  what: string;
  /** The rule that asks; null where no rule allows it. */
  rule: string | null;
  policyVersion: number;
  /** Written like WHO, besides `self`: the one who asks. None: administrators. */
  approvers: readonly string[];
  /** A digest of who, what, rule and policy version. */
  thing: string;
  /** A digest of all that, and of the arguments. */
  binding: string;
  /** The arguments as approvers see them. */
  sealed: Uint8Array | null;
  reason: string | null;
  state: ApprovalState;
  scope: ApprovalScope | null;
  createdAt: number;
  /** Until when it can be decided, used, or stays denied: as its state says. */
  expiresAt: number;
  decidedAt: number | null;
  decidedBy: string | null;
  /** What was said with the decision. */
  note: string | null;
}

/** Who may say yes where a rule names this besides people: whoever made the call. */
export const SELF = 'self';

/** What stands before the name of a group whose people on call may say yes; all of its people where nobody of them is on call. */
export const ON_CALL = 'on-call:';
