// What the policy is told of a request, besides who asks and for what.
import type { Facts } from '../../policy/verdict.ts';
import type { GatewayParts } from '../gateway-parts.ts';
import type { Handling } from '../request.ts';
import type { SessionScope } from '../session-scope.ts';

type Parts = Pick<GatewayParts, 'clock'>;

/** Of a request. `args`: its arguments, as far as it has any. */
export function factsOf(
  { clock }: Parts,
  { client }: SessionScope,
  { address }: Pick<Handling, 'address'>,
  args: () => unknown = () => ({}),
): Facts {
  return { now: clock.now(), client, address, args };
}

/** Where nothing is called, as for a list or a notification: conditions on arguments are open. */
export function factsWithoutCall({ clock }: Parts, { client, address }: SessionScope): Facts {
  return { now: clock.now(), client, address: address() };
}
