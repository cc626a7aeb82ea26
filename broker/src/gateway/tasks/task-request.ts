// `tasks/get`, `tasks/result`, `tasks/cancel`, `tasks/update`: finds the server of a task, checks that the task is the caller's and that the rules
// still allow the tool that made it, and has the request carried out.
import { RPC_CODE } from 'mcpgate-shared/mcp/rpc-code';
import { placeOf } from '../../upstreams/upstream.ts';
import { factsWithoutCall } from '../call/facts.ts';
import { requestOne } from '../call/request-one.ts';
import { readRequestParams } from '../call/request-params.ts';
import { errorReply, type Reply } from '../reply.ts';
import type { Handling } from '../request.ts';
import { asSeen } from '../call/reserved-text.ts';
import { prefixFor, serverByUri } from '../call/route.ts';
import { seenUriFor } from '../call/seen-uri.ts';
import type { GatewayParts } from '../gateway-parts.ts';
import type { SessionScope } from '../session-scope.ts';
import { withSeenTaskIds } from './task-ids.ts';

/** Never rejects. */
export async function requestOfTask(parts: GatewayParts, scope: SessionScope, handling: Handling): Promise<Reply> {
  const { params, method } = handling.request;
  const invalid = (message: string) => errorReply(RPC_CODE.invalidParams, message);
  const read = readRequestParams(handling.request);
  if (typeof read === 'string') return invalid(read);
  const { taskId } = params;
  if (typeof taskId !== 'string') return invalid('"taskId" must be a string');
  const route = serverByUri(parts, scope, taskId);
  const entry = route && parts.tasks.find(route.server, placeOf(route.server, scope.requester), route.rest);
  // A task of another caller is answered like one that does not exist, so that nobody learns of it.
  if (route === undefined || entry?.owner !== scope.requester.userKey) {
    parts.refused.note(scope.principal, 'unknown_task', method);
    return invalid(`there is no task ${JSON.stringify(taskId.slice(0, 200))} of yours`);
  }
  const { server } = route;
  return requestOne(parts, scope, handling, {
    server,
    params: read,
    requested: (policy) => ({
      ruleNames: entry.ruleNames,
      replaced: { taskId: JSON.stringify(entry.ownId) },
      // It is no call of the tool: that one was judged by its arguments, and took of the allowance.
      verdict: policy.foresee({
        ...{ principal: scope.principal, server: server.name, names: entry.ruleNames },
        facts: factsWithoutCall(parts, scope),
      }),
    }),
    rewrite(text) {
      const prefix = prefixFor(scope, server);
      return withSeenTaskIds(asSeen(text, server.name, seenUriFor(scope, server)), prefix, method !== 'tasks/result');
    },
  });
}
