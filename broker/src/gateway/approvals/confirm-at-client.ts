// Asks whoever makes a call to confirm it, where its rule says that they may: by a question at their AI client, or on a page that their laptop
// opens. What they answer is a decision like any other.
import { SELF } from '../../domain/approval.ts';
import type { Approval } from '../../approvals/approvals.ts';
import { isRecord, parseRecord } from '../../mcp/json-rpc-guard.ts';
import type { UpstreamReply } from '../../upstreams/upstream.ts';
import { quotedName } from '../call/answers.ts';
import type { GatewayParts } from '../gateway-parts.ts';
import type { Handling } from '../request.ts';
import type { SessionScope } from '../session-scope.ts';

type Parts = Pick<GatewayParts, 'approvals' | 'log'>;

/** Whether the person was asked. Their answer is decided as soon as it comes; `signal`: the question is withdrawn. */
export function confirmAtClient(
  parts: Parts,
  scope: SessionScope,
  handling: Handling,
  approval: Approval,
  signal: AbortSignal,
): boolean {
  const { user } = scope.principal;
  if (!approval.approvers.includes(SELF) || user === undefined) return false;
  if (!takesForm(scope)) return scope.openPage?.(parts.approvals.pageOf(approval)) === true;
  const isModern = scope.requester.generation === 'modern';
  const ask = isModern ? handling.ask : scope.requester.ask.bind(scope.requester);
  if (ask === undefined) return false;
  void put(parts, scope, handling, approval, ask, signal);
  return true;
}

async function put(
  { approvals, log }: Parts,
  { principal }: SessionScope,
  { address }: Handling,
  approval: Approval,
  ask: NonNullable<Handling['ask']>,
  signal: AbortSignal,
): Promise<void> {
  try {
    const found = await approvals.find(approval.workspaceId, approval.id);
    const paramsText = questionText(approval, found?.argsText ?? null);
    const verdict = verdictOf(await ask({ server: approval.server, method: 'elicitation/create', paramsText, signal }));
    if (verdict === undefined || signal.aborted) return;
    const actor = { name: principal.user?.name ?? approval.who, address: address ?? null };
    const by = { actor, principal, isAdministrator: false };
    await approvals.decide(approval.workspaceId, approval.id, { verdict, by: 'client' }, by);
  } catch (error) {
    // Somebody else has decided meanwhile, or the store is away: then the call goes on waiting.
    log.debug({ err: error, request: approval.id }, 'what a person confirmed at their client was not taken');
  }
}

function questionText({ what, rule }: Approval, argsText: string | null): string {
  const args = argsText === null ? '' : ` with ${argsText}`;
  return JSON.stringify({
    message: `[mcpgate] Rule ${rule} asks you to confirm the call of ${quotedName(what)}${args}`,
    requestedSchema: {
      type: 'object',
      properties: { decision: { type: 'string', title: 'Let it go on?', enum: ['approve', 'deny'] } },
      required: ['decision'],
    },
  });
}

/** Undefined: the person has not said. */
function verdictOf(reply: UpstreamReply): 'approve' | 'deny' | undefined {
  if (reply.kind !== 'result') return undefined;
  const { action, content } = parseRecord(reply.text) ?? {};
  if (action === 'decline') return 'deny';
  const decision = action === 'accept' && isRecord(content) ? content['decision'] : undefined;
  return decision === 'approve' || decision === 'deny' ? decision : undefined;
}

function takesForm({ requester }: SessionScope): boolean {
  const { elicitation } = parseRecord(requester.capabilitiesText) ?? {};
  return isRecord(elicitation) && (isRecord(elicitation['form']) || elicitation['url'] === undefined);
}
