// mcpgate's own methods for a person's accounts, which `mcpgate connect`, `disconnect` and `status` ask over the laptop's link: the token of that
// link is for nothing else, and there is no other on a laptop (docs/decisions/asking-for-accounts.md).
import { GateError } from 'mcpgate-shared/error';
import { OWN_METHODS } from 'mcpgate-shared/mcp/own-methods';
import { RPC_CODE } from 'mcpgate-shared/mcp/rpc-code';
import { accountBody, type OwnAccount } from '../../accounts/own-accounts.ts';
import type { AccountOwner } from '../../domain/people/account.ts';
import { mustBeLogged, publicMessage } from '../../domain/public-message.ts';
import type { Actor } from '../../domain/people/receipt.ts';
import type { ServerRecord } from '../../domain/server-record.ts';
import { attemptOf } from '../../upstreams/attempt.ts';
import { isRecord, stringOf } from '../../mcp/json-rpc-guard.ts';
import type { GatewayParts } from '../gateway-parts.ts';
import { errorReply, NO_REPLY, type Reply, resultReply } from '../reply.ts';
import type { Handling, Request } from '../request.ts';
import type { Answerer } from '../call/answerer.ts';
import { serversOf, type SessionScope, whoOf } from '../session-scope.ts';
import { PROGRESS } from '../call/server-notification.ts';
import { personalOwner } from '../../domain/people/account.ts';

export const ACCOUNT_ANSWERERS = {
  [OWN_METHODS.accounts]: async (parts, scope) =>
    resultReply(JSON.stringify({ accounts: await ownAccounts(parts, scope) })),
  [OWN_METHODS.accountsAwait]: (parts, scope, handling) => answered(parts, () => awaitAccount(parts, scope, handling)),
  [OWN_METHODS.accountsSet]: (parts, scope, { request }) => answered(parts, () => setKeys(parts, scope, request)),
  [OWN_METHODS.accountsEnd]: (parts, scope, { request }) => answered(parts, () => endAccount(parts, scope, request)),
} as const satisfies Record<string, Answerer>;

const WAIT_MS = 10 * 60_000;

/** The accounts of the caller, in the form of the API (`/api/v1/accounts`). None where the caller is no person. */
export async function ownAccounts(parts: GatewayParts, scope: SessionScope): Promise<object[]> {
  return (await listed(parts, scope)).map((each) => accountBody(each, parts.accounts.pageOf(each.server)));
}

/** Of the servers that the credential is bound to. */
async function listed({ ownAccounts: all, upstreams }: GatewayParts, scope: SessionScope): Promise<OwnAccount[]> {
  const { user, workspaceId } = scope.principal;
  if (user === undefined) return [];
  const ids = new Set(serversOf(upstreams, scope).map(({ id }) => id));
  return (await all.list({ ...user, workspaceId })).filter(({ server }) => ids.has(server.id));
}

/** The server that the params name, and whose account it is. Throws `not_found`. */
async function named(
  parts: GatewayParts,
  scope: SessionScope,
  { params }: Request,
): Promise<{ server: ServerRecord; owner: AccountOwner }> {
  const name = stringOf(params['server']);
  const found = (await listed(parts, scope)).find(({ server }) => server.name === name);
  const owner = found && personalOwner(found.server, scope.requester.userKey);
  if (found !== undefined && owner !== undefined) return { server: found.server, owner };
  const shown = JSON.stringify((name ?? '').slice(0, 64));
  throw new GateError('not_found', `there is no server ${shown} that you use with an account of your own`);
}

/** Throws `forbidden` for a credential that was given to a program: what a person has at servers is changed by themselves. */
function actorOf({ principal }: SessionScope): Actor {
  if (principal.credential.kind === 'device') return { name: whoOf(principal).replace(/^user:/, ''), address: null };
  throw new GateError(
    'forbidden',
    'accounts are changed with a login of one’s own: run `mcpgate login`, or use the page',
  );
}

async function awaitAccount(parts: GatewayParts, scope: SessionScope, handling: Handling): Promise<object> {
  const { server, owner } = await named(parts, scope, handling.request);
  const { signal, request } = handling;
  const meta = request.params['_meta'];
  const token = isRecord(meta) ? meta['progressToken'] : undefined;
  let progress = 0;
  const onTick = (): void => {
    if (token === undefined) return;
    handling.tell({ method: PROGRESS, paramsText: JSON.stringify({ progressToken: token, progress: ++progress }) });
  };
  const end = await parts.accountWaits.until({ server, owner, lack: 'missing', limitMs: WAIT_MS, signal, onTick });
  return { state: end === 'go_on' ? ((await parts.accounts.lackOf(server, owner)) ?? 'connected') : 'missing' };
}

async function setKeys(parts: GatewayParts, scope: SessionScope, request: Request): Promise<object> {
  const actor = actorOf(scope);
  const { server, owner } = await named(parts, scope, request);
  const { values } = request.params;
  const isText = (entry: [string, unknown]): entry is [string, string] => typeof entry[1] === 'string';
  const given = isRecord(values) ? Object.entries(values) : undefined;
  if (given === undefined || !given.every(isText)) throw new GateError('usage', '"values" must be an object of texts');
  const target = stringOf(request.params['target']);
  if (target === undefined)
    throw new GateError(
      'usage',
      `"target" must be that of \`${OWN_METHODS.accounts}\`: keys are for where the server was shown`,
    );
  const entered = await parts.keysEntry.enter(server, owner, { values: Object.fromEntries(given), target }, actor);
  return { state: 'connected', ...entered };
}

async function endAccount(parts: GatewayParts, scope: SessionScope, request: Request): Promise<object> {
  const actor = actorOf(scope);
  const { server, owner } = await named(parts, scope, request);
  const ended = await parts.accounts.disconnect(server, owner, actor);
  return { ended: ended === undefined ? null : { server: ended.server, revoked: ended.revoked, why: ended.why } };
}

async function answered({ log }: Pick<GatewayParts, 'log'>, run: () => Promise<object>): Promise<Reply> {
  try {
    return resultReply(JSON.stringify(await run()));
  } catch (error) {
    const { outcome } = attemptOf(error);
    if (!(error instanceof GateError) || outcome === 'own_fault') throw error;
    if (mustBeLogged(error)) log.error({ err: error }, 'a request about an account failed');
    if (outcome === 'cancelled') return NO_REPLY;
    return errorReply(RPC_CODE.failed, publicMessage(error), { code: error.code });
  }
}
