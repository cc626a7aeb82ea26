// The answer to a call that waits for approvers, or that they denied: what to do next, for the model and the person behind it.
import { RPC_CODE } from 'mcpgate-shared/mcp/rpc-code';
import type { Approval } from '../../approvals/approvals.ts';
import { decisionOf, type Denial, quotedName, toolFailure } from '../call/answers.ts';
import { type Answer, errorReply } from '../reply.ts';

/** `asked`: who approvers are, in words. `page`: where they decide. */
export function approvalReply(
  method: string,
  denial: Denial,
  approval: Approval,
  { asked, page }: { asked: string; page: string },
): Answer {
  const { id, state } = approval;
  const said = { 'mcpgate/decision': { ...decisionOf(denial), request: id, state } };
  const text = state === 'denied' ? deniedText(denial, approval) : waitingText(denial, approval, asked, page);
  return method === 'tools/call' ? toolFailure(text, said) : errorReply(RPC_CODE.denied, text, said);
}

function deniedText({ who, what, verdict }: Denial, { id, decidedBy, note }: Approval): string {
  const why = note === null ? '' : ` (${JSON.stringify(note)})`;
  return `[mcpgate denied] ${who} may not call ${quotedName(what)}: ${decidedBy} denied request ${id}${why}. Rule: ${verdict.rule}. Do not try again.`;
}

/** Where a request is decided. */
export const decidedAt = ({ id }: Pick<Approval, 'id'>, page: string): string =>
  `decide at ${page} or with \`mcpgate-broker request approve ${id}\``;

function waitingText({ who, what, verdict }: Denial, { id }: Approval, asked: string, page: string): string {
  return `[mcpgate] The call of ${quotedName(what)} by ${who} was not carried out: rule ${verdict.rule} asks ${asked} first, as request ${id}. They ${decidedAt({ id }, page)}. Once it is approved, call again with the same arguments.`;
}
