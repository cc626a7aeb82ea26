// `server test`: connects anew, beside the live connections, and says each step.
import { toGateError } from 'mcpgate-shared/error';
import type { ServerRecord } from '../domain/server-record.ts';
import { connect, type ConnectDeps, type Connection } from './connect.ts';

interface Step {
  step: string;
  ok: boolean;
  detail: string;
}

/** `leaf` names a home of its own, which is deleted again. */
export async function testServer(deps: ConnectDeps, record: ServerRecord, leaf: string): Promise<Step[]> {
  const steps: Step[] = [];
  let connection: Connection | undefined;
  const order = ['secrets', 'connect', 'tools'];
  const lent: Parameters<ConnectDeps['homes']['remove']>[0][] = [];
  const homes: ConnectDeps['homes'] = {
    ...deps.homes,
    async prepare(server, name) {
      const home = await deps.homes.prepare(server, name);
      lent.push(home);
      return home;
    },
  };
  try {
    connection = await connect(
      { ...deps, homes },
      {
        record,
        leaf,
        onToolsChanged: () => undefined,
        onClosed: () => undefined,
        onStep: (step, detail) => steps.push({ step, ok: true, detail }),
      },
    );
    const tools = await connection.session.tools(AbortSignal.timeout(deps.startTimeoutMs));
    steps.push({ step: 'tools', ok: true, detail: `${tools.length} tools` });
    if (connection.noise() > 0) {
      const detail = `${connection.noise()} lines on stdout that are no messages; it should log on stderr`;
      steps.push({ step: 'noise', ok: true, detail });
    }
  } catch (error) {
    steps.push({ step: order[steps.length] ?? 'tools', ok: false, detail: toGateError(error).message });
  } finally {
    await connection?.session.close();
    for (const home of lent) await deps.homes.remove(home);
  }
  return steps;
}
