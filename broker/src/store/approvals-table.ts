// The columns of the table of approvals (migrations/0018-approvals.ts).
import type { Approval } from '../domain/approval.ts';

export interface ApprovalsTable {
  workspace_id: string;
  id: string;
  kind: Approval['kind'];
  owner_key: string;
  who: string;
  device: string | null;
  client_name: string | null;
  address: string | null;
  server: string;
  what: string;
  rule_id: string | null;
  policy_version: number;
  approvers_json: string;
  thing: string;
  binding: string;
  sealed: Uint8Array | null;
  reason: string | null;
  state: Approval['state'];
  scope: Approval['scope'];
  created_at: number;
  expires_at: number;
  decided_at: number | null;
  decided_by: string | null;
  note: string | null;
  /** migrations/changes/0033-approval-rounds.ts. */
  rounds: number;
}
