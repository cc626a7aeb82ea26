// `completion/complete`: completes an argument of a prompt (by name) or of a resource template (by URI), for callers who may use it.
import { RPC_CODE } from 'mcpgate-shared/mcp/rpc-code';
import { HELD } from '../../definitions/definitions.ts';
import { findMember, scanObject } from 'mcpgate-shared/mcp/json-span';
import { isRecord } from '../../mcp/json-rpc-guard.ts';
import { mistakable } from '../edges/admission.ts';
import { ruleNames } from '../../policy/naming.ts';
import { REF_KEYS } from '../edges/methods.ts';
import { factsOf } from './facts.ts';
import { namedEntry } from './named-entry.ts';
import { missingOne, requestOne } from './request-one.ts';
import { readRequestParams } from './request-params.ts';
import { errorReply, type Reply } from '../reply.ts';
import type { Handling } from '../request.ts';
import { asSeen } from './reserved-text.ts';
import { failureAnswer } from './answers.ts';
import { findByName, type Found } from './own-name.ts';
import { noServer, type Route, serverByUri, writtenName, writtenUri } from './route.ts';
import type { GatewayParts } from '../gateway-parts.ts';
import type { SessionScope } from '../session-scope.ts';

/** Never rejects. */
export async function complete(parts: GatewayParts, scope: SessionScope, handling: Handling): Promise<Reply> {
  const { text, params, paramsSpan } = handling.request;
  const invalid = (message: string) => errorReply(RPC_CODE.invalidParams, message);
  const read = readRequestParams(handling.request);
  if (typeof read === 'string') return invalid(read);
  const ref = params['ref'];
  const refAt = findMember(paramsSpan?.members ?? [], 'ref');
  if (!isRecord(ref) || refAt === undefined) return invalid('"ref" must be an object');
  const kind = KINDS.get(ref['type']);
  if (kind === undefined) return invalid('"ref.type" must be "ref/prompt" or "ref/resource"');
  const refSpan = scanObject(text, refAt.start);
  const key = REF_KEYS.mistakable(refSpan.members);
  if (key !== undefined) return invalid(mistakable(key));
  const member = kind === 'prompts' ? 'name' : 'uri';
  const named = ref[member];
  if (typeof named !== 'string') return invalid(`"ref.${member}" must be a string`);
  const found = await lookUp(parts, scope, kind, named).catch((error: unknown) => ({ kind: 'failed', error }) as const);
  if (found.kind === 'failed')
    return failureAnswer(parts, handling, found.error, { name: '', workspaceId: scope.principal.workspaceId });
  if (found.kind === 'several') return found.answer;
  const route = found.kind === 'route' ? found.route : undefined;
  const unknown =
    noServer(parts, scope) ?? `there is nothing named ${JSON.stringify(named.slice(0, 200))} to complete for`;
  const missing = (server: string, rest: string) =>
    missingOne(parts, scope, handling, { kind, server, rest, traceId: read.traceId, error: invalid(unknown) });
  if (route === undefined) {
    const { server, rest } = kind === 'prompts' ? writtenName(scope, named) : writtenUri(scope, named);
    return await missing(server, rest);
  }
  const refOf = (own: string) => ({ ref: JSON.stringify({ type: ref['type'], [member]: own }) });
  return await requestOne(parts, scope, handling, {
    server: route.server,
    params: read,
    async requested(policy) {
      const facts = factsOf(parts, scope, handling);
      if (kind === 'templates') {
        const names = ruleNames(kind, route.server.name, route.rest);
        const isHeld = await isHeldTemplate(parts, scope, route);
        const question = { principal: scope.principal, server: route.server.name, names, facts };
        const isDenied = policy.decide(question).decision === 'deny';
        return { ruleNames: names, replaced: refOf(route.rest), ...(isHeld && !isDenied && { verdict: HELD }) };
      }
      const found = await namedEntry(parts, scope, policy, handling.signal, kind, route, facts);
      if (found.kind === 'missing') return { reply: await missing(route.server.name, route.rest) };
      if (found.kind === 'listed') return { ruleNames: found.entry.ruleNames, replaced: refOf(found.entry.ownKey) };
      if (found.kind === 'unreadable') throw found.error;
      return { ruleNames: found.ruleNames, replaced: {}, verdict: found.verdict };
    },
    rewrite: (answer) => asSeen(answer, route.server.name),
  });
}

async function lookUp(
  parts: GatewayParts,
  scope: SessionScope,
  kind: 'prompts' | 'templates',
  named: string,
): Promise<Found> {
  if (kind === 'prompts') return await findByName(parts, scope, kind, named);
  const route = serverByUri(parts, scope, named);
  return route === undefined ? { kind: 'nowhere' } : { kind: 'route', route };
}

/** Whether the template waits for a person. One that no list has, or whose list cannot be read, is the server's to judge. */
async function isHeldTemplate(
  { catalog }: Pick<GatewayParts, 'catalog'>,
  { requester }: SessionScope,
  { server, rest }: Route,
): Promise<boolean> {
  if (server.definitions === 'accept') return false;
  const list =
    catalog.known('templates', server, requester) ??
    (await catalog.list('templates', server, requester).catch(() => undefined));
  return list?.held?.some(({ ownKey }) => ownKey === rest) === true;
}

const KINDS: ReadonlyMap<unknown, 'prompts' | 'templates'> = new Map([
  ['ref/prompt', 'prompts'],
  ['ref/resource', 'templates'],
]);
