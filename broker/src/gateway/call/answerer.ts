// What answers requests of one method.
import type { GatewayParts } from '../gateway-parts.ts';
import type { Reply } from '../reply.ts';
import type { Handling } from '../request.ts';
import type { SessionScope } from '../session-scope.ts';

/** Answers one request. Rejects where nothing may be forwarded: the rules cannot be read, or the intent cannot be recorded. */
export type Answerer = (parts: GatewayParts, scope: SessionScope, handling: Handling) => Promise<Reply>;
