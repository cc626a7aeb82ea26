// Asks the workspace's hook about a request that the rules let through, and makes one verdict of both.
import { untilAborted } from '../../domain/until-aborted.ts';
import { afterHook } from '../../policy/hooked.ts';
import type { Verdict } from '../../policy/verdict.ts';
import type { GatewayParts } from '../gateway-parts.ts';
import type { Handling } from '../request.ts';
import type { SessionScope } from '../session-scope.ts';
import type { Call } from '../call/forward.ts';
import { forwardedArguments } from './forwarded-arguments.ts';

/** Rejects with `cancelled` where the caller has given up meanwhile. */
export async function authorized(
  { authorizer }: Pick<GatewayParts, 'authorizer'>,
  { principal, client }: SessionScope,
  { request, address, signal }: Pick<Handling, 'request' | 'address' | 'signal'>,
  call: Call,
): Promise<Verdict> {
  const { verdict, server, policyVersion, paramsText, isApproved = false } = call;
  const { hook: asked } = verdict;
  if (asked === undefined || call.failure !== undefined) return verdict;
  const question = {
    ...{ principal, facts: { client, address }, method: request.method, server: server.name, names: asked.names },
    ...{ verdict, policyVersion, arguments: await forwardedArguments(request, paramsText) },
  };
  const answer = await untilAborted(authorizer.ask(asked.hook, question), signal);
  return afterHook(verdict, answer, isApproved);
}
