// What approvers are asked of a call: who, what, and a digest of what would be forwarded, so that exactly this goes on when they say yes.
import type { AskedCall } from '../../approvals/approvals.ts';
import { parsedAsWritten } from '../../mcp/exact-numbers.ts';
import { isRecord, parseRecord } from '../../mcp/json-rpc-guard.ts';
import { byteLengthOf, type Pieces, wholeText } from '../../message/pieces.ts';
import { digestOfCall, isDecidedByArguments, OF_ONE_MESSAGE } from '../authorize/forwarded-arguments.ts';
import type { Call } from '../call/forward.ts';
import type { Handling } from '../request.ts';
import { type SessionScope, userKeyOf, whoOf } from '../session-scope.ts';

/** Arguments beyond that are not shown. */
const MOST_SHOWN_BYTES = 4 * 1024 * 1024;

/** `rule`: that asks. */
export async function askedCall(
  { principal, client }: SessionScope,
  { request, address }: Pick<Handling, 'request' | 'address'>,
  { server, what, policyVersion, verdict, paramsText }: Call,
  rule: string,
): Promise<AskedCall> {
  const { method, pieces } = request;
  return {
    principal,
    ownerKey: userKeyOf(principal),
    who: whoOf(principal),
    clientName: client.name,
    address: address ?? null,
    server,
    what,
    rule,
    policyVersion,
    approvers: verdict.approvers ?? [],
    digest: await digestOfCall(method, paramsText, pieces),
    args: () => argumentsOf(method, paramsText, pieces),
  };
}

function argumentsOf(method: string, paramsText: string, pieces: Pieces | undefined): unknown {
  const bytes = byteLengthOf(paramsText, pieces);
  if (bytes > MOST_SHOWN_BYTES) return { '…': `${bytes} bytes, too many to show` };
  const text = wholeText(paramsText, pieces);
  // With numbers as they are written: what is approved is not a number near to it.
  const params = parsedAsWritten(text, parseRecord(text) ?? {});
  if (!isRecord(params)) return { '…': 'nested too deep to be shown' };
  if (isDecidedByArguments(method) && params['arguments'] !== undefined) return params['arguments'];
  return Object.fromEntries(Object.entries(params).filter(([key]) => key !== 'name' && !OF_ONE_MESSAGE.has(key)));
}
