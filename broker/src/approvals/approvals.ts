// What people are asked before a call goes on, and the access that people ask for. Who may decide, how long it holds, and what approvers see of
// the arguments is said here and nowhere else.
import type { InTime, Part } from '../domain/bounds/part.ts';
import type { Approval, GivenBack } from '../domain/approval.ts';
import type { Principal } from '../domain/people/principal.ts';
import type { Actor } from '../domain/people/receipt.ts';

/** A call that somebody has to say yes to. */
export interface AskedCall {
  principal: Principal;
  /** `user:ID` or `grant:ID`. */
  ownerKey: string;
  /** As rules name them: `user:ada`. */
  who: string;
  clientName: string | null;
  address: string | null;
  server: { id: string; name: string };
  what: string;
  rule: string;
  policyVersion: number;
  approvers: readonly string[];
  /** Of what would be forwarded: two calls with the same are the same call. */
  digest: string;
  /** The arguments; asked for only where nobody was asked the same yet. */
  args: () => unknown;
}

/** What somebody was denied because no rule allows it. */
export type DeniedThing = Pick<AskedCall, 'principal' | 'clientName' | 'address' | 'what' | 'policyVersion'> & {
  server: string;
};

/** Who decides. */
export interface Decider {
  actor: Actor;
  /** A person, or a program with a grant. Undefined: whoever runs the broker, on its host or with an administration token. */
  principal: Pick<Principal, 'user' | 'credential'> | undefined;
  /** Whether they administer the workspace. */
  isAdministrator: boolean;
}

export interface Decision {
  verdict: 'approve' | 'deny';
  /** How long an approval holds for the thing with any arguments, or the access that was asked for; left out: for the very call. */
  forMs?: number | undefined;
  note?: string | null | undefined;
  /** How it came: by which of the doors. */
  by: 'api' | 'page' | 'client' | 'hook';
}

/** One with the arguments as approvers see them: JSON text; null: there are none. */
export type ShownApproval = Approval & { argsText: string | null };

export interface ApprovalChange {
  workspaceId: string;
  id: string;
}

export interface Approvals {
  /** The approval of this call as it stands; nobody is asked twice for the same. Throws `throttled` where too much of this caller waits already. */
  ask(call: AskedCall): Promise<Approval>;
  /** The id under which a person can ask for what they were denied; undefined: they cannot. */
  offer(denied: DeniedThing): Promise<string | undefined>;
  /** Asks for what was offered to this person. As it stands where it was asked for already. Throws `not_found`. */
  request(
    workspaceId: string,
    ownerKey: string,
    asked: { id: string; reason: string | null },
    actor: Actor,
  ): Promise<Approval>;
  /** False: it does not hold (any more). What is for one call is used up. */
  use(approval: Approval): Promise<boolean>;
  /** Called where the call that has used it was not carried out (to its end): it holds again until its time is over. */
  giveBack(approval: Approval, why: GivenBack): Promise<void>;
  /** Where people see it in the browser. */
  pageOf(approval: Pick<Approval, 'id'>): string;
  find(workspaceId: string, id: string): Promise<ShownApproval | undefined>;
  /** The newest first, 200 unless a part is named; `all`: those that are decided or over, too. */
  list(workspaceId: string, which: { all: boolean; ownerKey?: string }, part?: Part<InTime>): Promise<Approval[]>;
  /** The ids of all that can be decided, in parts. */
  open(workspaceId: string): AsyncIterable<readonly string[]>;
  /** Why this one may not decide; undefined: they may. */
  refusalFor(approval: Approval, decider: Decider): Promise<string | undefined>;
  /** Who is asked, as it stands now: with the names of those on call, and that nobody can approve it where that is so. */
  approversNow(approval: Approval): Promise<string>;
  /** Throws `not_found`, `forbidden`, and `conflict` where another one was faster: who. */
  decide(workspaceId: string, id: string, decision: Decision, decider: Decider): Promise<Approval>;
  /** Called after it was asked or decided, here or at another broker. Returns the function that removes the listener. */
  onChange(listener: (change: ApprovalChange) => void): () => void;
  /** Called by `replicas`. */
  readonly elsewhere: { changed(change: ApprovalChange): void };
}

export type { Approval };
