// Asks a server that left a request unanswered whether it answers anything at all.
import type { Clock } from 'mcpgate-shared/clock';
import type { McpSession } from './mcp-session.ts';

/** True: not even a ping was answered within `pingMs`. Any other failure is told by the wire itself. */
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
