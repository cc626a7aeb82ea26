// `SERVER__connect`: stands in the list for the tools of a server that can list nothing before its caller has connected an account there, so that
// an AI model can make the call that starts it. It goes to no server, and is gone once the account is there.
import { toGateError } from 'mcpgate-shared/error';
import { attemptOf } from '../../upstreams/attempt.ts';
import { remedy } from '../../upstreams/remedy.ts';
import { personalOwner } from '../../domain/people/account.ts';
import type { ServerRecord } from '../../domain/server-record.ts';
import { factsWithoutCall } from '../call/facts.ts';
import { CONNECT, verdictOnConnecting } from '../../policy/connecting.ts';
import type { CompiledPolicy } from '../../policy/verdict.ts';
import { failureReply } from '../call/answers.ts';
import type { CatalogItem, CatalogList } from '../lists/catalog.ts';
import { exposedName } from '../../mcp/exposed-name.ts';
import type { GatewayParts } from '../gateway-parts.ts';
import { NO_REPLY, type Reply, resultReply } from '../reply.ts';
import { ownNames } from '../../policy/naming.ts';
import type { Route } from '../call/route.ts';
import type { Handling } from '../request.ts';
import type { SessionScope } from '../session-scope.ts';
import { askForAccount } from './ask-for-account.ts';

/** The list of a server whose own could not be read: `error` says why. Throws `error` where that is not for want of this caller's account. */
export function listToConnect(
  { connectLists }: Pick<GatewayParts, 'connectLists'>,
  scope: SessionScope,
  server: ServerRecord,
  error: unknown,
): CatalogList {
  const next = remedy(attemptOf(error), { what: 'list' });
  if (next !== 'connect_account' || personalOwner(server, scope.requester.userKey) === undefined) throw error;
  const known = connectLists.get(server.name);
  if (known !== undefined) return known;
  const item = itemFor(server.name);
  const list = { all: [item], byKey: new Map([[item.key, item]]), byOwnKey: new Map([[item.ownKey, item]]) };
  connectLists.set(server.name, list);
  return list;
}

function itemFor(server: string): CatalogItem {
  const description =
    `Server ${server} is used with an account of one's own, and the person has not connected theirs yet. Call this when they want something of ${server}: ` +
    `it has them asked, and ${server}'s tools are listed once that is done.`;
  const tool = (name: string) =>
    JSON.stringify({
      name,
      title: `Connect ${server}`,
      description,
      inputSchema: { type: 'object', properties: {} },
    });
  const key = exposedName(server, CONNECT);
  return {
    ownKey: CONNECT,
    key,
    ruleNames: ownNames('tools', server, CONNECT),
    repeatable: undefined,
    isOwn: true,
    text: tool(key),
    ownText: tool(CONNECT),
  };
}

/**
 * Answers a call of it; undefined where the name means something of the server. Nothing is recorded, as for the tools that search: nothing is
 * sent, and what becomes of the account is in the log.
 */
export async function callConnect(
  parts: GatewayParts,
  scope: SessionScope,
  handling: Handling,
  policy: CompiledPolicy,
  { server, rest }: Route,
  progressToken: string | undefined,
): Promise<Reply | undefined> {
  if (rest !== CONNECT) return undefined;
  const owner = personalOwner(server, scope.requester.userKey);
  if (owner === undefined) return undefined;
  const caller = { principal: scope.principal, facts: factsWithoutCall(parts, scope) };
  if (verdictOnConnecting(policy, { ...caller, server: server.name }).decision === 'deny') return undefined;
  const { method } = handling.request;
  const lack = await parts.accounts.lackOf(server, owner);
  if (lack !== undefined) {
    const asked = await askForAccount(parts, scope, handling, { server, lack, progressToken });
    if (handling.signal.aborted) return NO_REPLY;
    if (asked.kind === 'answer') return asked.answer;
  }
  try {
    const { all, byOwnKey } = await parts.catalog.list('tools', server, scope.requester);
    // One of the server's own has that name.
    if (lack === undefined && byOwnKey.has(CONNECT)) return undefined;
    const count = `${all.length} tool${all.length === 1 ? '' : 's'}`;
    return said(`[mcpgate] The account at ${server.name} is connected: it offers ${count}. List the tools again.`);
  } catch (error) {
    return failureReply(method, toGateError(error), server);
  }
}

const said = (text: string): Reply => resultReply(JSON.stringify({ content: [{ type: 'text', text }] }));
