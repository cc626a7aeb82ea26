// A request that mcpgate does not know: passed on where only one server can be meant, under the rules for `SERVER__METHOD`.
import { errorMessage, errorObject } from './answers.ts';
import type { Task } from './carry-out.ts';
import { INVALID_PARAMS, METHOD_NOT_FOUND } from './envelope.ts';
import { requestOne } from './request-one.ts';
import { readRequestParams } from './request-params.ts';
import { asSeen } from './reserved-text.ts';
import { noServer, onlyServer } from './route.ts';
import type { GatewayParts, SessionScope } from './session-scope.ts';

/** Never rejects. */
export async function passOn(parts: GatewayParts, scope: SessionScope, task: Task): Promise<string | undefined> {
  const { idText, method } = task.request;
  const server = onlyServer(parts, scope);
  if (server === undefined) {
    const message =
      noServer(parts, scope) ??
      `mcpgate does not offer ${method.slice(0, 100)}: it cannot tell which server is meant; use \`mcpgate serve --server NAME\` or /mcp/NAME`;
    return errorMessage(idText, errorObject(METHOD_NOT_FOUND, message));
  }
  const read = readRequestParams(task.text, task.request);
  if (typeof read === 'string') return errorMessage(idText, errorObject(INVALID_PARAMS, read));
  return requestOne(parts, scope, task, {
    server,
    params: read,
    asked: () => ({ whats: [`${server.name}__${method}`], replacements: [] }),
    rewrite: (text) => asSeen(text, server.name),
  });
}
