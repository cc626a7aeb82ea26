// Checkpoints arrive at a syslog receiver, at an address that checks signatures, and at an object store that checks AWS Signature Version 4 with the
// signer of AWS's own SDK.
import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { SignatureV4 } from '@smithy/signature-v4';
import { freePort } from 'mcpgate-test/world/network/free-port';
import { createPrivateAuthority } from 'mcpgate-test/world/network/private-authority';
import { createRsyslog } from 'mcpgate-test/world/rsyslog';
import { createGuardedFetch } from '../../net/guarded-fetch.ts';
import { s3Place, syslogPlace, urlPlace } from './other-places.ts';
import type { Checkpoint } from './statement.ts';

const CHECKPOINT: Checkpoint = {
  signature: 'signature',
  statement: {
    ...{ at: '2026-11-30T12:00:00.000Z', chain: 'w-1', heads: [], key: 'audit-1', previous: null },
    ...{ type: 'mcpgate.checkpoint', v: 1 },
  },
};
const LINE = `${JSON.stringify(CHECKPOINT)}\n`;
const fetch = createGuardedFetch({ allowHosts: [] });

async function serve(
  t: TestContext,
  take: (request: IncomingMessage, body: string, response: ServerResponse) => unknown,
) {
  const http = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => take(request, Buffer.concat(chunks).toString('utf8'), response));
  });
  await once(http.listen(0, '127.0.0.1'), 'listening');
  t.after(() => http.close());
  return `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
}

/** As the signer of the SDK wants it. */
class Sha256 {
  readonly #hash;
  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    const key = typeof secret === 'string' ? secret : secret && new Uint8Array(secret as ArrayBuffer);
    this.#hash = key === undefined ? createHash('sha256') : createHmac('sha256', key);
  }
  update(data: string | ArrayBuffer | ArrayBufferView) {
    this.#hash.update(typeof data === 'string' ? data : new Uint8Array(data as ArrayBuffer));
  }
  digest = (): Promise<Uint8Array> => Promise.resolve(new Uint8Array(this.#hash.digest()));
  reset(): void {
    throw new Error('it is used once');
  }
}

/** What `Authorization` has to be, by another implementation than the one that has signed. */
async function expected(request: IncomingMessage, body: string, secretAccessKey: string): Promise<string | undefined> {
  const { pathname, host } = new URL(request.url ?? '', `http://${request.headers.host}`);
  const date = String(request.headers['x-amz-date']);
  const signer = new SignatureV4({
    ...{ service: 's3', region: 'eu-central-1', sha256: Sha256, uriEscapePath: false },
    credentials: { accessKeyId: 'AKIAEXAMPLE', secretAccessKey },
  });
  const signed = /SignedHeaders=([^,]+)/.exec(String(request.headers.authorization))?.[1]?.split(';') ?? [];
  const headers = Object.fromEntries(
    signed.map((name) => [name, name === 'host' ? host : String(request.headers[name])]),
  );
  const at = new Date(date.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
  const made = await signer.sign(
    { method: 'PUT', protocol: 'http:', hostname: host, path: pathname, query: {}, headers, body },
    { signingDate: at },
  );
  return made.headers['authorization'];
}
const plain = (authorization: unknown) => String(authorization).replaceAll(', ', ',');

test('a bucket gets each as an object of its own, signed with the key of the vault', async (t) => {
  const objects = new Map<string, string>();
  const url = await serve(t, (request, body, response) => {
    void expected(request, body, 'the secret of the vault').then((authorization) => {
      const isSigned = plain(authorization) === plain(request.headers.authorization);
      const digest = createHash('sha256').update(body).digest('hex');
      if (!isSigned || request.headers['x-amz-content-sha256'] !== digest) return response.writeHead(403).end();
      objects.set(`${request.method} ${request.url}`, body);
      return response.writeHead(200).end();
    });
  });
  const bucket = {
    s3: `${url}/bucket/mcp gate/`.replace(' ', '%20'),
    region: 'eu-central-1',
    accessKeyId: 'AKIAEXAMPLE',
  };
  const place = s3Place({ ...bucket, secretAccessKey: () => Promise.resolve('the secret of the vault') }, fetch);
  await place.keep(LINE);
  await place.keep(LINE);
  const other = { ...CHECKPOINT, statement: { ...CHECKPOINT.statement, at: '2026-11-30T12:01:00.000Z' } };
  await place.keep(`${JSON.stringify(other)}\n`);
  assert.equal(objects.size, 2, 'the same is the same object');
  const [[name, body] = []] = objects;
  assert.match(name ?? '', /^PUT \/bucket\/mcp%20gate\/20261130T120000000Z-[0-9a-f]{16}\.json$/);
  assert.equal(body, LINE);
  const wrong = s3Place({ ...bucket, secretAccessKey: () => Promise.resolve('another') }, fetch);
  await assert.rejects(wrong.keep(LINE), /answered 403/);
});

test('an address gets each with the signature of its secret, under the same id when it comes again', async (t) => {
  const got: { headers: IncomingMessage['headers']; body: string }[] = [];
  const url = await serve(t, ({ headers }, body, response) => {
    got.push({ headers, body });
    response.writeHead(204).end();
  });
  const sign = (secret: string, { id, atS, body }: { id: string; atS: number; body: string }) => ({
    ...{ 'webhook-id': id, 'webhook-timestamp': String(atS) },
    'webhook-signature': createHmac('sha256', secret).update(`${id}.${atS}.${body}`).digest('hex'),
  });
  const place = urlPlace({ url, secret: () => Promise.resolve('key') }, fetch, { sign, now: () => 5_000 });
  await place.keep(LINE);
  await place.keep(LINE);
  assert.deepEqual(
    got.map(({ headers }) => [headers['webhook-timestamp'], headers['webhook-id']]),
    [got[0], got[0]].map((each) => ['5', each?.headers['webhook-id']]),
  );
  const said = { id: String(got[0]?.headers['webhook-id']), atS: 5, body: LINE };
  assert.equal(got[0]?.headers['webhook-signature'], sign('key', said)['webhook-signature']);
});

test('a syslog receiver gets each as a message that is the checkpoint', async (t) => {
  const authority = await createPrivateAuthority();
  const folder = mkdtempSync(join(tmpdir(), 'mg-places-'));
  t.after(() => {
    authority.remove();
    rmSync(folder, { recursive: true });
  });
  const port = await freePort();
  const tls = { caFile: authority.caFile, ...(await authority.issue('DNS:localhost')) };
  const rsyslog = createRsyslog(t, { folder, port, transport: 'tls', tls });
  const ca = readFileSync(authority.caFile, 'utf8');
  const place = syslogPlace({ url: `syslog+tls://localhost:${port}`, ca }, 'broker-1');
  await assert.rejects(place.keep(LINE), /nobody listens there/);
  await rsyslog.start();
  await place.keep(LINE);
  const [line] = rsyslog.lines();
  assert.deepEqual([line?.id, line?.proc, line?.host], ['log.checkpoint', 'w-1', 'broker-1']);
  assert.deepEqual(JSON.parse(line?.text ?? ''), CHECKPOINT);
});
