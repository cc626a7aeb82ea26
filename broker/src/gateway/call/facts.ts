// What the policy is told of a request, besides who asks and for what.
import { findMember } from 'mcpgate-shared/mcp/json-span';
import { NO_ARGUMENTS, type CallArguments, type Facts } from '../../policy/verdict.ts';
import type { GatewayParts } from '../gateway-parts.ts';
import type { Handling, Request } from '../request.ts';
import type { SessionScope } from '../session-scope.ts';

type Parts = Pick<GatewayParts, 'clock'>;

/** Of a request. `args`: its arguments, as far as it has any. */
export function factsOf(
  { clock }: Parts,
  { client }: SessionScope,
  { address }: Pick<Handling, 'address'>,
  args: () => CallArguments = () => NO_ARGUMENTS,
): Facts {
  return { now: clock.now(), client, address, args };
}

/** The arguments of a `tools/call` or `prompts/get`. Of a large request, whose arguments are not in its text, none are read. */
export function argumentsOf({ params, paramsSpan, pieces }: Request): CallArguments {
  const at = findMember(paramsSpan?.members ?? [], 'arguments');
  if (pieces !== undefined) return { value: {}, length: Infinity };
  return at === undefined ? NO_ARGUMENTS : { value: params['arguments'] ?? {}, length: at.end - at.start };
}

/** Where nothing is called, as for a list or a notification: conditions on arguments are open. */
export function factsWithoutCall({ clock }: Parts, { client, address }: SessionScope): Facts {
  return { now: clock.now(), client, address: address() };
}
