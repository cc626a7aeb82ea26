// Whether there is what `install-clients --bundle NAME` has AI clients serve. It is written all the same, because the bundle may be there tomorrow.
import { toGateError } from 'mcpgate-shared/error';
import { member } from 'mcpgate-shared/member';
import { nearest } from 'mcpgate-shared/nearest';
import { OWN_METHODS } from 'mcpgate-shared/mcp/own-methods';
import type { CliContext } from '../../context.ts';
import { withSession } from '../tools/with-session.ts';

/** A broker that is away must not keep the command waiting. */
const MOST_WAITED_MS = 10_000;

/** A sentence for the person; undefined: it is there. */
export async function bundleDoubt(context: CliContext, name: string): Promise<string | undefined> {
  const inTime = AbortSignal.timeout(MOST_WAITED_MS);
  const signal = AbortSignal.any([context.interrupted, inTime]);
  try {
    const { result } = await withSession(
      { ...context, interrupted: signal },
      async (session) => await session.request(OWN_METHODS.bundles, {}, { signal }),
    );
    const bundles = namesAt(result, 'bundles');
    if ([...bundles, ...namesAt(result, 'servers')].includes(name)) return undefined;
    const near = nearest(name, bundles);
    const there = bundles.length === 0 ? 'you may use none' : `you may use ${bundles.join(', ')}`;
    return `there is no bundle ${name} that you may use${near === undefined ? `; ${there}` : `; did you mean ${near}?`}`;
  } catch (error) {
    if (context.interrupted.aborted) throw error;
    const why = inTime.aborted ? 'the broker did not answer in time' : toGateError(error).message;
    return `nobody could say whether there is a bundle ${name}: ${why}`;
  }
}

function namesAt(result: unknown, key: string): string[] {
  const found = member(result, key);
  return Array.isArray(found) ? found.filter((each): each is string => typeof each === 'string') : [];
}
