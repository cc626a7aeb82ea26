// A server that speaks the data API of Open Policy Agent as its documentation has it (REST API, "Get a Document (with Input)"): POST /v1/data/PATH
// with `input` answers `{"result": …}` with status 200, `{}` where the document is undefined, and 400 with `code` and `message` where the body is none.
// The policy is a function in the place of compiled Rego; what stands around it is the protocol.
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';

/** The value of a document for an input; undefined: the rule has no value for it. */
export type Document = (input: unknown) => unknown;

export interface OpaServer {
  url: string;
  /** The inputs that were asked about, in their order. */
  inputs: unknown[];
  close(): Promise<void>;
}

/** `documents`: by their path below `/v1/data/`, as `mcpgate/decision`. */
export async function startOpa(
  t: Pick<TestContext, 'after'>,
  documents: Readonly<Record<string, Document>>,
  { token }: { token?: string } = {},
): Promise<OpaServer> {
  const inputs: unknown[] = [];
  const http = createServer((request, response) => {
    const answer = (status: number, document: unknown): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(document)}\n`);
    };
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      if (token !== undefined && request.headers.authorization !== `Bearer ${token}`)
        return answer(401, { code: 'unauthorized', message: 'request rejected by administrative policy' });
      const path = /^\/v1\/data\/([^?]*)/.exec(request.url ?? '')?.[1];
      if (path === undefined || request.method !== 'POST')
        return answer(404, { code: 'resource_not_found', message: 'storage_not_found_error' });
      const body = bodyOf(Buffer.concat(chunks).toString('utf8'));
      if (body === undefined)
        return answer(400, { code: 'invalid_parameter', message: 'body contains malformed input document' });
      inputs.push(body.input);
      const result = documents[path]?.(body.input);
      // A decision id is there where decision logs are on; a document that is undefined has no `result`.
      return answer(200, { decision_id: randomUUID(), ...(result !== undefined && { result }) });
    });
  });
  await once(http.listen(0, '127.0.0.1'), 'listening');
  const close = async (): Promise<void> => {
    http.closeAllConnections();
    await new Promise((closed) => http.close(closed));
  };
  t.after(close);
  return { url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`, inputs, close };
}

function bodyOf(text: string): { input?: unknown } | undefined {
  try {
    const body: unknown = JSON.parse(text);
    return typeof body === 'object' && body !== null && !Array.isArray(body) ? body : undefined;
  } catch {
    // The server says so.
    return undefined;
  }
}
