// The state that a multi-round-trip request carries through the client, sealed with a key of this process.
import { randomBytes } from 'node:crypto';
import { createRequestStateCodec, type ServerContext } from '@modelcontextprotocol/server';
import { z } from 'zod';

const State = z.object({ round: z.number(), name: z.string().optional() });
type State = z.infer<typeof State>;

const codec = createRequestStateCodec<State>({ key: randomBytes(32) });

export const requestState = {
  mint: (state: State): Promise<string> => codec.mint(state),
  /** What `ServerOptions.requestState` takes: throws where the state is not one of ours. */
  verify: codec.verify,
  /** The verified state of this round; undefined in the first. */
  read(request: ServerContext['mcpReq']): State | undefined {
    const state = request.requestState();
    return state === undefined ? undefined : State.parse(state);
  },
};
