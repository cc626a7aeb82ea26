// `tasks/get`, `tasks/result`, `tasks/cancel`, `tasks/update`: which server a task is of, whether it is the caller's, and whether the caller
// may still use the tool that made it.
import { findMember } from 'mcpgate-shared/json-span';
import { placeOf } from '../../upstreams/upstream.ts';
import { errorMessage, errorObject } from '../answers.ts';
import { carryOut, type Task } from '../carry-out.ts';
import { INVALID_PARAMS } from '../envelope.ts';
import { failureAnswer } from '../failure-answer.ts';
import { judge } from '../judge.ts';
import { readRequestParams } from '../request-params.ts';
import { asSeen } from '../reserved-text.ts';
import { prefixFor, serverByUri } from '../route.ts';
import type { GatewayParts, SessionScope } from '../session-scope.ts';
import { withSeenTaskIds } from './task-ids.ts';

/** Never rejects. */
export async function requestOfTask(parts: GatewayParts, scope: SessionScope, task: Task): Promise<string | undefined> {
  const { idText, params, paramsSpan, method } = task.request;
  const invalid = (message: string) => errorMessage(idText, errorObject(INVALID_PARAMS, message));
  const read = readRequestParams(task.text, task.request);
  if (typeof read === 'string') return invalid(read);
  const { taskId } = params;
  const at = findMember(paramsSpan?.members ?? [], 'taskId');
  if (typeof taskId !== 'string' || at === undefined) return invalid('"taskId" must be a string');
  const route = serverByUri(parts, scope, taskId);
  const entry = route && parts.tasks.find(route.server, placeOf(route.server, scope.asker), route.rest);
  // Somebody else's is as good as none: not even that it exists is anybody's business.
  if (route === undefined || entry?.owner !== scope.asker.userKey) {
    return invalid(`there is no task ${JSON.stringify(taskId.slice(0, 200))} of yours`);
  }
  const { server } = route;
  try {
    const startedAt = parts.elapsedMs();
    const policy = await parts.policies.get(scope.principal.workspaceId);
    return await carryOut(parts, scope, task, {
      server,
      what: entry.whats[0],
      verdict: judge(policy, scope.principal, server.name, entry.whats),
      policyVersion: policy.version,
      paramsText: read.forUpstream([{ member: at, put: JSON.stringify(entry.ownId) }]),
      argsDigest: null,
      argKeys: [],
      traceId: read.traceId,
      progressToken: read.progressToken,
      startedAt,
      rewrite(text) {
        const prefix = prefixFor(scope, server);
        return withSeenTaskIds(asSeen(text, server.name, prefix), prefix, method !== 'tasks/result');
      },
    });
  } catch (error) {
    return failureAnswer(parts, task, error, server.name);
  }
}
