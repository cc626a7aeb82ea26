// `completion/complete`: a reference to a prompt by name or to a resource by URI template; whoever may use it may have it completed.
import { findMember, scanObject } from 'mcpgate-shared/json-span';
import { isRecord } from '../upstreams/json-rpc-guard.ts';
import { mistakable } from './admission.ts';
import { errorMessage, errorObject } from './answers.ts';
import type { Task } from './carry-out.ts';
import { exposedAs } from './catalog.ts';
import { INVALID_PARAMS } from './envelope.ts';
import { REF_KEYS } from './methods.ts';
import { namedEntry } from './named-entry.ts';
import { missingOne, requestOne } from './request-one.ts';
import { readRequestParams } from './request-params.ts';
import { asSeen } from './reserved-text.ts';
import { noServer, serverByName, serverByUri, writtenName, writtenUri } from './route.ts';
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
  const kind = KINDS.get(ref['type']);
  if (kind === undefined) return invalid('"ref.type" must be "ref/prompt" or "ref/resource"');
  const refSpan = scanObject(task.text, refAt.start);
  const key = REF_KEYS.mistakable(refSpan.members);
  if (key !== undefined) return invalid(mistakable(key));
  const member = kind === 'prompts' ? 'name' : 'uri';
  const named = ref[member];
  if (typeof named !== 'string') return invalid(`"ref.${member}" must be a string`);
  const route = kind === 'prompts' ? serverByName(parts, scope, named) : serverByUri(parts, scope, named);
  const unknown =
    noServer(parts, scope) ?? `there is nothing named ${JSON.stringify(named.slice(0, 200))} to complete for`;
  const missing = (server: string, rest: string) =>
    missingOne(parts, scope, task, {
      kind,
      server,
      rest,
      traceId: read.traceId,
      errorText: errorObject(INVALID_PARAMS, unknown),
    });
  if (route === undefined) {
    const { server, rest } = kind === 'prompts' ? writtenName(scope, named) : writtenUri(scope, named);
    return await missing(server, rest);
  }
  const refOf = (own: string) => ({ ref: JSON.stringify({ type: ref['type'], [member]: own }) });
  return await requestOne(parts, scope, task, {
    server: route.server,
    params: read,
    async asked(policy) {
      if (kind === 'templates')
        return { whats: exposedAs(kind, route.server.name, route.rest).whats, replaced: refOf(route.rest) };
      const found = await namedEntry(parts, scope, policy, task.signal, kind, named, route);
      if (found.kind === 'missing') return { answer: await missing(route.server.name, route.rest) };
      if (found.kind === 'listed') return { whats: found.entry.whats, replaced: refOf(found.entry.ownKey) };
      if (found.kind === 'unreadable') throw found.error;
      return { whats: found.whats, replaced: {} };
    },
    rewrite: (text) => asSeen(text, route.server.name),
  });
}

const KINDS: ReadonlyMap<unknown, 'prompts' | 'templates'> = new Map([
  ['ref/prompt', 'prompts'],
  ['ref/resource', 'templates'],
]);
