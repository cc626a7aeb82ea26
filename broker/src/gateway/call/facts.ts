// What the policy is told of a request, besides who asks and for what.
import { findMember } from 'mcpgate-shared/mcp/json-span';
import { parsedExactly } from '../../mcp/exact-numbers.ts';
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
export function argumentsOf({ text, params, paramsSpan, pieces }: Request): CallArguments {
  const at = findMember(paramsSpan?.members ?? [], 'arguments');
  if (pieces !== undefined) return { value: {}, length: Infinity };
  if (at === undefined) return NO_ARGUMENTS;
  const value = parsedExactly(text.slice(at.start, at.end), params['arguments'] ?? {});
  // What is nested deeper than it can be read is like what is too large: nothing is known of it.
  return value === undefined ? { value: {}, length: Infinity } : { value: value ?? {}, length: at.end - at.start };
}

/** Where nothing is called, as for a list or a notification: conditions on arguments are open. */
export function factsWithoutCall({ clock }: Parts, { client, address }: SessionScope): Facts {
  return { now: clock.now(), client, address: address() };
}
