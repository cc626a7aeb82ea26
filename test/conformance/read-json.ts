// The body of a request of the tests' HTTP servers.
import type { IncomingMessage } from 'node:http';

/** Undefined where it is not JSON: the SDK refuses that as it should be refused. */
export async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    return undefined;
  }
}
