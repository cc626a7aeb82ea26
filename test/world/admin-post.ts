// Calls the administration's API over its socket, as the commands do: a world is set up faster than with a process for each step.
import { request } from 'node:http';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

const DEADLINE_MS = 30_000;

/** Posts `body` to `path` below `/api/v1` of the broker on `dataDir`. Returns the parsed answer; throws with it where the status is not 200. */
export const adminPost = (dataDir: string, path: string, body: Record<string, unknown>): Promise<unknown> =>
  ask(dataDir, 'POST', path, JSON.stringify(body));

/** The same for what is removed. */
export const adminDelete = (dataDir: string, path: string): Promise<unknown> => ask(dataDir, 'DELETE', path);

async function ask(dataDir: string, method: string, path: string, body?: string): Promise<unknown> {
  const { status, answer } = await new Promise<{ status: number; answer: string }>((resolve, reject) => {
    const sent = request({
      socketPath: join(dataDir, 'admin.sock'),
      path: `/api/v1${path}`,
      method,
      headers: {
        ...(body !== undefined && { 'content-type': 'application/json' }),
        'x-mcpgate-actor': `host:${userInfo().username}`,
      },
      agent: false,
      signal: AbortSignal.timeout(DEADLINE_MS),
    });
    sent.once('error', reject);
    sent.once('response', (response) => {
      text(response).then((said) => resolve({ status: response.statusCode ?? 0, answer: said }), reject);
    });
    sent.end(body);
  });
  if (status !== 200) throw new Error(`${method} ${path} of the administration: ${status} ${answer}`);
  return answer === '' ? undefined : (JSON.parse(answer) as unknown);
}
