// `completion/complete`: a reference to a prompt by name or to a resource by URI template; whoever may use it may have it completed.
import { findMember, scanObject } from 'mcpgate-shared/json-span';
import { isRecord } from '../upstreams/json-rpc-guard.ts';
import { errorMessage, errorObject } from './answers.ts';
import type { Task } from './carry-out.ts';
import { exposedAs } from './catalog.ts';
import { INVALID_PARAMS } from './envelope.ts';
import { requestOne } from './request-one.ts';
import { readRequestParams } from './request-params.ts';
import { asSeen } from './reserved-text.ts';
import { noServer, serverByName, serverByUri, type Route } from './route.ts';
import type { GatewayParts, SessionScope } from './session-scope.ts';

/** Never rejects. */
export async function complete(parts: GatewayParts, scope: SessionScope, task: Task): Promise<string | undefined> {
  const { idText, params, paramsSpan } = task.request;
  const invalid = (message: string) => errorMessage(idText, errorObject(INVALID_PARAMS, message));
  const read = readRequestParams(task.text, task.request);
  if (typeof read === 'string') return invalid(read);
  const ref = params['ref'];
  const refAt = findMember(paramsSpan?.members ?? [], 'ref');
  if (!isRecord(ref) || refAt === undefined) return invalid('"ref" must be an object');
  const isPrompt = ref['type'] === 'ref/prompt';
  const key = isPrompt ? 'name' : 'uri';
  const named = ref[key];
  const refSpan = scanObject(task.text, refAt.start);
  const namedAt = findMember(refSpan.members, key);
  if (refSpan.duplicate !== undefined) return invalid(`"${refSpan.duplicate.slice(0, 100)}" stands twice in "ref"`);
  if (typeof named !== 'string' || namedAt === undefined) return invalid(`"ref.${key}" must be a string`);
  const route = isPrompt ? serverByName(parts, scope, named) : serverByUri(parts, scope, named);
  if (route === undefined)
    return invalid(
      noServer(parts, scope) ?? `there is nothing named ${JSON.stringify(named.slice(0, 200))} to complete for`,
    );
  const { server } = route;
  return requestOne(parts, scope, task, {
    server,
    params: read,
    async asked() {
      const own = isPrompt ? await ownPrompt(parts, scope, named, route) : route.rest;
      const { whats } = exposedAs(isPrompt ? 'prompts' : 'templates', server.name, own);
      return { whats, replacements: [{ member: namedAt, put: JSON.stringify(own) }] };
    },
    rewrite: (text) => asSeen(text, server.name),
  });
}

/** The server's own name of a prompt, whose exposed one may be cut. */
async function ownPrompt(parts: GatewayParts, scope: SessionScope, name: string, route: Route): Promise<string> {
  if (scope.only !== undefined) return route.rest;
  const list = await parts.catalog.list('prompts', route.server, scope.asker);
  return list.byKey.get(name)?.ownKey ?? route.rest;
}
