// `tasks/list` (MCP 2025-11-25): lists the caller's own tasks from the task table and asks each server for their states. The server's own list is
// not used, because on a shared connection it contains everybody's tasks.
import { RPC_CODE } from 'mcpgate-shared/mcp/rpc-code';
import { scanObject } from 'mcpgate-shared/mcp/json-span';
import { placeOf } from '../../upstreams/upstream.ts';
import { errorReply, resultReply, type Reply } from '../reply.ts';
import { madeRequest, type Handling } from '../request.ts';
import { prefixFor } from '../call/route.ts';
import type { GatewayParts } from '../gateway-parts.ts';
import { serversOf, type SessionScope } from '../session-scope.ts';
import { requestOfTask } from './task-request.ts';

/** Few, because each task costs a request to its server and a record. */
const PAGE_TASKS = 20;

export async function listTasks(parts: GatewayParts, scope: SessionScope, handling: Handling): Promise<Reply> {
  const { params } = handling.request;
  const servers = new Map(serversOf(parts.upstreams, scope).map((server) => [server.name, server]));
  const seen = parts.tasks.of(scope.principal.workspaceId, scope.requester.userKey).flatMap((entry) => {
    const server = servers.get(entry.server);
    const isHere =
      server !== undefined && parts.tasks.find(server, placeOf(server, scope.requester), entry.ownId) === entry;
    return isHere ? [prefixFor(scope, server) + entry.ownId] : [];
  });
  let from = 0;
  const { cursor } = params;
  if (cursor !== undefined) {
    const after = typeof cursor === 'string' ? Buffer.from(cursor, 'base64url').toString('utf8') : undefined;
    from = seen.findIndex((taskId) => taskId === after) + 1;
    if (from === 0) {
      const message = 'the cursor is not valid any more; list from the start';
      return errorReply(RPC_CODE.invalidParams, message);
    }
  }
  const page = seen.slice(from, from + PAGE_TASKS);
  const states = await Promise.all(page.map((taskId) => stateOf(parts, scope, handling, taskId)));
  const last = page.at(-1);
  const next =
    last !== undefined && from + PAGE_TASKS < seen.length
      ? `,"nextCursor":"${Buffer.from(last, 'utf8').toString('base64url')}"`
      : '';
  return resultReply(`{"tasks":[${states.filter((state) => state !== undefined).join(',')}]${next}}`);
}

/** The state of a task as JSON text; undefined where its server does not answer with one, as when it has forgotten the task. */
async function stateOf(
  parts: GatewayParts,
  scope: SessionScope,
  handling: Handling,
  taskId: string,
): Promise<string | undefined> {
  const request = madeRequest('tasks/get', { taskId }, [['taskId', JSON.stringify(taskId)]]);
  const reply = await requestOfTask(parts, scope, { ...handling, request });
  if (reply.kind !== 'result') return undefined;
  const kept = scanObject(reply.text).members.filter(({ key }) => key !== '_meta' && key !== 'resultType');
  return `{${kept.map(({ keyStart, end }) => reply.text.slice(keyStart, end)).join(',')}}`;
}
