// `tools/call` and `prompts/get`: which server and entry a name means, and whether the caller may; then it is carried out like everything
// else.
import { toGateError } from 'mcpgate-shared/error';
import type { ServerRecord } from '../domain/server-record.ts';
import { errorMessage, errorObject } from './answers.ts';
import { readCallParams, type CallParams } from './call-params.ts';
import { carryOut, type Task } from './carry-out.ts';
import { exposedAs, type CatalogItem } from './catalog.ts';
import { INVALID_PARAMS } from './envelope.ts';
import { isCutName, splitName } from './exposed-name.ts';
import { failureAnswer } from './failure-answer.ts';
import { judge } from './judge.ts';
import { asSeen } from './reserved-text.ts';
import { noServer, serverByName, prefixFor, type Route } from './route.ts';
import type { GatewayParts, SessionScope } from './session-scope.ts';
import { withSeenTaskIds } from './tasks/task-ids.ts';
import { untilAborted } from '../upstreams/until-aborted.ts';
import { placeOf } from '../upstreams/upstream.ts';

export type NamedKind = 'tools' | 'prompts';

/** The answer as a message, or undefined where the caller has cancelled and expects none. Never rejects. */
export async function requestByName(
  parts: GatewayParts,
  scope: SessionScope,
  task: Task,
  kind: NamedKind,
): Promise<string | undefined> {
  const { idText } = task.request;
  const params = readCallParams(task.text, task.request);
  if (typeof params === 'string') return errorMessage(idText, errorObject(INVALID_PARAMS, params));
  let server = '';
  try {
    const route = serverByName(parts, scope, params.name);
    if (route === undefined) {
      const none = noServer(parts, scope);
      if (none !== undefined) return errorMessage(idText, errorObject(INVALID_PARAMS, none));
      return removedServer(scope, idText, params.name) ?? unknownName(idText, kind, params.name);
    }
    server = route.server.name;
    return await requestFrom(parts, scope, task, kind, params, route);
  } catch (error) {
    return failureAnswer(parts, task, error, { name: server, workspaceId: scope.principal.workspaceId });
  }
}

async function requestFrom(
  parts: GatewayParts,
  scope: SessionScope,
  task: Task,
  kind: NamedKind,
  params: CallParams,
  { server, rest }: Route,
): Promise<string | undefined> {
  const { principal } = scope;
  const startedAt = parts.elapsedMs();
  const cached = parts.policies.get(principal.workspaceId);
  const policy = cached instanceof Promise ? await cached : cached;
  let entry: Named = { ownKey: rest, whats: exposedAs(kind, server.name, rest).whats, repeatable: undefined };
  let verdict = judge(policy, principal, server.name, entry.whats);
  const isKnown = parts.catalog.known(kind, server, scope.asker) !== undefined;
  // A denial needs no list, and starts no process, unless the name may be a cut one: rules speak of whole names.
  const isSettled = verdict.decision === 'deny' && !isKnown && !isCutName(params.name);
  if (verdict.rule !== 'grant-bound' && !isSettled) {
    const found = await findEntry(parts, scope, task, kind, params.name, server);
    if (found === 'unknown') return unknownName(task.request.idText, kind, params.name);
    if (found !== undefined && found.ownKey !== rest) verdict = judge(policy, principal, server.name, found.whats);
    entry = found ?? entry;
  }
  return await carryOut(parts, scope, task, {
    server,
    what: entry.whats[0],
    verdict,
    policyVersion: policy.version,
    paramsText: params.forUpstream(entry.ownKey),
    argsDigest: params.argsDigest,
    argKeys: params.argKeys,
    traceId: params.traceId,
    progressToken: params.progressToken,
    startedAt,
    ...(server.trustAnnotations && entry.repeatable !== undefined && { repeatable: entry.repeatable }),
    rewrite(text) {
      const prefix = prefixFor(scope, server);
      const seen = asSeen(text, server.name, prefix);
      if (kind === 'prompts') return seen;
      return withSeenTaskIds(seen, prefix, false, (ownId) =>
        parts.tasks.note(server, placeOf(server, scope.asker), {
          owner: scope.asker.userKey,
          sessionId: scope.id,
          server: server.name,
          ownId,
          whats: entry.whats,
        }),
      );
    },
  });
}

type Named = Pick<CatalogItem, 'ownKey' | 'whats' | 'repeatable'>;

/** Undefined where the list cannot be had now: then the name counts as it was written, and the call fails by itself. */
async function findEntry(
  { catalog, log }: GatewayParts,
  { asker, only }: SessionScope,
  { signal }: Task,
  kind: NamedKind,
  name: string,
  server: ServerRecord,
): Promise<Named | 'unknown' | undefined> {
  let list = catalog.known(kind, server, asker);
  if (list === undefined) {
    try {
      list = await untilAborted(catalog.list(kind, server, asker), signal);
    } catch (error) {
      log.debug({ server: server.name, error: toGateError(error).message }, 'called without a list');
      return undefined;
    }
  }
  return (only === undefined ? list.byKey.get(name) : list.byOwnKey.get(name)) ?? 'unknown';
}

/** A grant says which servers it is for: one of them that is there no more is no typing error. */
function removedServer({ principal }: SessionScope, idText: string, name: string): string | undefined {
  const server = splitName(name)?.server;
  if (server === undefined || principal.servers?.includes(server) !== true) return undefined;
  const { label } = principal.credential;
  const message = `[mcpgate] the grant ${label} is bound to the server ${server}, which is not offered any more; ask your platform team for a new grant`;
  return errorMessage(idText, errorObject(INVALID_PARAMS, message));
}

function unknownName(idText: string, kind: NamedKind, name: string): string {
  const what = kind === 'tools' ? 'tool' : 'prompt';
  const message = `there is no ${what} ${JSON.stringify(name.slice(0, 200))}; list the ${what}s again`;
  return errorMessage(idText, errorObject(INVALID_PARAMS, message));
}
