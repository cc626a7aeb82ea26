// Pings a server that left a request unanswered.
import type { Clock } from 'mcpgate-shared/clock';
import type { McpSession } from './mcp-session.ts';

/** Whether the server leaves a ping unanswered for `pingMs`. False where the ping fails otherwise: the wire reports that itself. */
export async function isSilent(session: McpSession, clock: Clock, pingMs: number): Promise<boolean> {
  const controller = new AbortController();
  const cancel = clock.after(pingMs, () => controller.abort());
  const method = session.facts.generation === 'modern' ? 'server/discover' : 'ping';
  try {
    await session.request({ method, paramsText: '{}', signal: controller.signal });
    return false;
  } catch {
    return controller.signal.aborted;
  } finally {
    cancel();
  }
}
