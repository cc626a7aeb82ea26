// `tools/list`: merged over the servers that the session leads to, only what the caller may use. A server that is slow or dead is left
// out after the deadline; the client hears of it when it is there.
import { toGateError } from 'mcpgate-shared/error';
import type { ServerRecord } from '../domain/server-record.ts';
import { errorMessage, errorObject, resultMessage } from './answers.ts';
import { INVALID_PARAMS, type ClientRequest } from './envelope.ts';
import { serversOf, userKeyOf, type GatewayParts, type SessionScope } from './session-scope.ts';
import type { CatalogTool, ServerTools } from './tool-catalog.ts';

const PAGE_TOOLS = 500;

export interface ReachableServer {
  server: ServerRecord;
  /** Undefined where its list was not there in time. */
  allowed: readonly CatalogTool[] | undefined;
}

/** `onLate` is called once for each server whose list came after the deadline. Throws `unavailable` without a policy. */
export async function reachableServers(
  parts: GatewayParts,
  scope: SessionScope,
  onLate: () => void,
): Promise<ReachableServer[]> {
  const { principal } = scope;
  const policy = await parts.policies.get(principal.workspaceId);
  const servers = serversOf(parts.upstreams, scope);
  const userKey = userKeyOf(principal);
  const lists = await Promise.all(
    servers.map(async (server) => parts.catalog.known(server, userKey) ?? inTime(parts, server, userKey, onLate)),
  );
  return servers.map((server, index) => ({
    server,
    allowed: lists[index]?.all.filter((tool) => policy.decide(principal, server.name, tool.what).decision !== 'deny'),
  }));
}

async function inTime(
  { catalog, clock, log, listDeadlineMs }: GatewayParts,
  server: ServerRecord,
  userKey: string,
  onLate: () => void,
): Promise<ServerTools | undefined> {
  let late = false;
  let cancel: () => void = () => undefined;
  const deadline = new Promise<undefined>((resolve) => {
    cancel = clock.after(listDeadlineMs, () => {
      late = true;
      resolve(undefined);
    });
  });
  const listed = catalog.list(server, userKey).then(
    (tools) => {
      cancel();
      if (late) onLate();
      return tools;
    },
    (error: unknown) => {
      cancel();
      log.debug({ server: server.name, error: toGateError(error).message }, 'a server was left out of a list');
      return undefined;
    },
  );
  return Promise.race([listed, deadline]);
}

/** The answer as a message. */
export async function listTools(
  parts: GatewayParts,
  scope: SessionScope,
  request: ClientRequest,
  onLate: () => void,
): Promise<string> {
  const { idText } = request;
  const reachable = await reachableServers(parts, scope, onLate);
  if (scope.only !== undefined && reachable.length === 0) {
    const message = `[mcpgate] there is no server ${JSON.stringify(scope.only)} that you may use`;
    return errorMessage(idText, errorObject(INVALID_PARAMS, message));
  }
  const tools = reachable.flatMap(({ allowed }) => allowed ?? []);
  const cursor = request.params['cursor'];
  let from = 0;
  if (cursor !== undefined) {
    const after = typeof cursor === 'string' ? Buffer.from(cursor, 'base64url').toString('utf8') : undefined;
    from = tools.findIndex(({ name }) => name === after) + 1;
    if (from === 0) {
      return errorMessage(idText, errorObject(INVALID_PARAMS, 'the cursor is not valid any more; list from the start'));
    }
  }
  const page = tools.slice(from, from + PAGE_TOOLS);
  const last = page.at(-1);
  const next =
    last !== undefined && from + PAGE_TOOLS < tools.length
      ? `,"nextCursor":"${Buffer.from(last.name, 'utf8').toString('base64url')}"`
      : '';
  const texts = page.map((tool) => (scope.only === undefined ? tool.text : tool.ownText));
  return resultMessage(idText, `{"tools":[${texts.join(',')}]${next}}`);
}
