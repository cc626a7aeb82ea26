// Waits until approvers have decided about a call, as long as the AI client hears that it goes on.
import type { Approval } from '../../approvals/approvals.ts';
import { decidedAt } from './approval-reply.ts';
import type { Call } from '../call/forward.ts';
import { PROGRESS } from '../call/server-notification.ts';
import { confirmAtClient } from './confirm-at-client.ts';
import type { GatewayParts } from '../gateway-parts.ts';
import type { Handling } from '../request.ts';
import type { SessionScope } from '../session-scope.ts';

/** The time that approvers have while a call waits; after that the call is answered, and the next one goes on once it is approved. */
const WAIT_MS = 5 * 60_000;
/** Clients that were not promised progress give a call up after a minute, some after half of one. */
const UNHEARD_WAIT_MS = 25_000;

type Parts = Pick<GatewayParts, 'approvals' | 'personWaits' | 'log'>;

/** Resolves when it is decided, or nobody waits any more. */
export async function untilDecided(
  parts: Parts,
  scope: SessionScope,
  handling: Handling,
  { progressToken }: Call,
  approval: Approval,
): Promise<void> {
  const { approvals, personWaits, log } = parts;
  const { tell } = handling;
  const over = new AbortController();
  const signal = AbortSignal.any([handling.signal, over.signal]);
  const isAsked = confirmAtClient(parts, scope, handling, approval, signal);
  const asked = await approvals.approversNow(approval);
  const howToDecide = decidedAt(approval, approvals.pageOf(approval));
  const isDecided = async (): Promise<boolean> => {
    const now = await approvals.find(approval.workspaceId, approval.id);
    return now === undefined || now.state !== 'open';
  };
  let steps = 0;
  const decided = personWaits.until({
    what: `request ${approval.id}`,
    limitMs: progressToken === undefined && !isAsked ? UNHEARD_WAIT_MS : WAIT_MS,
    signal: handling.signal,
    onTick() {
      if (progressToken === undefined) return;
      // In tiny steps, because progress must grow, and the server's own comes later under the same token.
      const said = JSON.stringify(`[mcpgate] request ${approval.id} waits for ${asked}: ${howToDecide}`);
      const paramsText = `{"progressToken":${progressToken},"progress":${++steps / 1e6},"message":${said}}`;
      tell({ method: PROGRESS, paramsText });
    },
    // Whoever asks may give a reason meanwhile, which decides nothing.
    listen: (end) =>
      approvals.onChange(({ workspaceId, id }) => {
        if (id !== approval.id || workspaceId !== approval.workspaceId) return;
        isDecided().then(
          (is) => is && end('go_on'),
          (error: unknown) => log.warn({ err: error, request: id }, 'a request was not looked up when it was changed'),
        );
      }),
    mayGoOn: isDecided,
  });
  // The question is withdrawn where it was decided elsewhere.
  await decided.finally(() => over.abort());
}
