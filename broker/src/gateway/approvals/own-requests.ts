// mcpgate's own methods for what a person asks for, which `mcpgate request` and `requests` send over the laptop's link.
import { GateError } from 'mcpgate-shared/error';
import { OWN_METHODS } from 'mcpgate-shared/mcp/own-methods';
import { RPC_CODE } from 'mcpgate-shared/mcp/rpc-code';
import type { Approval } from '../../approvals/approvals.ts';
import type { Principal } from '../../domain/people/principal.ts';
import { publicMessage } from '../../domain/public-message.ts';
import { shellWord } from '../../domain/shell-word.ts';
import { stringOf } from '../../mcp/json-rpc-guard.ts';
import type { Answerer } from '../call/answerer.ts';
import { quotedName } from '../call/answers.ts';
import type { GatewayParts } from '../gateway-parts.ts';
import { errorReply, type Reply, resultReply } from '../reply.ts';
import type { Handling } from '../request.ts';
import { type SessionScope, userKeyOf } from '../session-scope.ts';

const MOST_REASON = 300;

export const REQUEST_ANSWERERS = {
  [OWN_METHODS.requests]: async ({ approvals, clock }, { principal }) => {
    const which = { all: true, ownerKey: userKeyOf(principal) };
    const own = await approvals.list(principal.workspaceId, which);
    return resultReply(JSON.stringify({ requests: own.map((each) => shown(each, clock.now())) }));
  },
  [OWN_METHODS.requestsMake]: (parts, scope, handling) => make(parts, scope, handling),
} as const satisfies Record<string, Answerer>;

async function make(
  { approvals, clock }: GatewayParts,
  { principal }: SessionScope,
  handling: Handling,
): Promise<Reply> {
  const { id, reason } = handling.request.params;
  try {
    // What a person may do is asked for by themselves, and not by a program that they gave a token to.
    if (principal.user === undefined || principal.credential.kind !== 'device')
      throw new GateError('forbidden', noLogin(principal));
    const why = stringOf(reason)?.trim() ?? '';
    if (why.length > MOST_REASON) throw new GateError('usage', `a reason has ${MOST_REASON} characters at most`);
    const actor = { name: principal.user.name, address: handling.address ?? null };
    const asked = { id: stringOf(id) ?? '', reason: why === '' ? null : why };
    const approval = await approvals.request(principal.workspaceId, userKeyOf(principal), asked, actor);
    return resultReply(JSON.stringify({ request: shown(approval, clock.now()) }));
  } catch (error) {
    if (!(error instanceof GateError)) throw error;
    return errorReply(RPC_CODE.failed, publicMessage(error), { code: error.code });
  }
}

/** What somebody can do who calls with something else than a login. */
function noLogin({ user, credential: { kind, label } }: Principal): string {
  if (kind !== 'grant') return 'access is asked for with a login of one’s own: run `mcpgate login`';
  if (user === undefined)
    return `grant ${quotedName(label)} is nobody’s, so that nobody can ask for it; an administrator can allow it: \`mcpgate-broker rule add --allow --who ${shellWord(`grant:${label}`)} --what TOOL\``;
  return `grant ${quotedName(label)} cannot ask for access: ${user.name} can, with the same command where MCPGATE_TOKEN is not set, after \`mcpgate login\``;
}

function shown(approval: Approval, now: number): object {
  const { id, kind, who, what, state, reason, createdAt, expiresAt, decidedBy, note } = approval;
  const isOver = (state === 'open' || state === 'approved') && expiresAt <= now;
  const times = { created_at: new Date(createdAt).toISOString(), expires_at: new Date(expiresAt).toISOString() };
  return {
    ...{ id, kind, who, tool: what, state: isOver ? 'over' : state, reason },
    ...times,
    decided_by: decidedBy,
    note,
  };
}
