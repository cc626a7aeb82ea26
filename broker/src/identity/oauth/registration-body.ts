// Looks at the body of a client's registration (RFC 7591) before the provider reads it: the provider takes the last of two members with one key, and a
// proxy in front may have looked at the first.
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { severalReadings, tooManyLevels } from '../../mcp/several-readings.ts';

/** As the provider bounds it. */
const MAX_BYTES = 56 * 1024;

/**
 * Reads the body and leaves it with the request to be read once more. Returns why it is not taken; undefined where it is, or where it is no JSON, which
 * the provider says. Never rejects.
 */
export async function refusedRegistration(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    const parts: AsyncIterable<Buffer> = request.iterator({ destroyOnReturn: false });
    for await (const chunk of parts) {
      bytes += chunk.length;
      if (bytes > MAX_BYTES) return `the body has more than ${MAX_BYTES} bytes`;
      chunks.push(chunk);
    }
  } catch {
    return 'the body did not come whole'; // whoever sent it has gone
  }
  const body = Buffer.concat(chunks);
  leaveFor(request, body);
  const text = body.toString('utf8');
  return tooManyLevels(text) ?? (isJson(text) ? severalReadings(text) : undefined);
}

/** The provider reads a request by these two alone. It would warn of a body that it finds read already. */
function leaveFor(request: IncomingMessage, body: Buffer): void {
  const again = Readable.from([body], { objectMode: false });
  Object.defineProperties(request, {
    readable: { get: () => again.readable },
    iterator: { value: (options?: Parameters<Readable['iterator']>[0]) => again.iterator(options) },
  });
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
