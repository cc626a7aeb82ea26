// What the broker knows of the service tokens in the files of people's AI clients: what a laptop tells in fingerprints and counts, what it is
// answered, and the servers that people propose from there. No value of a laptop ever gets here.
import type { TokenAnswer, TokenKey, TokenReport } from 'mcpgate-shared/api/laptops/laptop-tokens';
import type { ProposalForm } from 'mcpgate-shared/api/laptops/proposals';
import type { Principal } from '../domain/people/principal.ts';
import type { ServerRecord } from '../domain/server-record.ts';

export interface Laptops {
  /** A key for fingerprints of this caller, and what the servers that it may use start or connect to. Throws `throttled`. */
  tokenKey(principal: Principal, usable: readonly ServerRecord[]): TokenKey;
  /**
   * Which of the fingerprints are secrets of the caller's workspace; the counts of a device are kept, and told to the audit log where they
   * changed. Throws `throttled`, and `gone` where the key is too old.
   */
  report(principal: Principal, report: TokenReport, usable: readonly ServerRecord[]): Promise<TokenAnswer>;
  /** Offers a server to the administrators. Throws `throttled` where too many of this person wait, and `forbidden` to who is no person. */
  propose(principal: Principal, form: ProposalForm): Promise<{ id: string; state: 'open' | 'accepted' | 'declined' }>;
}
