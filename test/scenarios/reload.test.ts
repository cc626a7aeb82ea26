// A running broker takes a renewed certificate and a changed configuration; what has a mistake changes nothing, and calls go on.
import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test, type TestContext } from 'node:test';
import { connect, type TLSSocket } from 'node:tls';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { searchEvents } from '../world/call-rows.ts';
import { createPrivateAuthority } from '../world/network/private-authority.ts';
import { until } from '../world/until.ts';
import { startBroker } from '../world/broker.ts';
import { createWorld } from '../world.ts';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';

const fingerprintOf = (file: string): string => new X509Certificate(readFileSync(file)).fingerprint256;

async function tlsBroker(t: TestContext) {
  const authority = await createPrivateAuthority();
  t.after(() => authority.remove());
  const root = mkdtempSync(join(tmpdir(), 'mg-reload-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const pairs = await Promise.all([1, 2, 3].map(() => authority.issue('IP:127.0.0.1')));
  // As Kubernetes mounts a secret: files are links into a folder that is itself a link, which is turned.
  for (const [index, { certFile, keyFile }] of pairs.entries()) {
    mkdirSync(join(root, `v${index}`));
    copyFileSync(certFile, join(root, `v${index}/tls.crt`));
    copyFileSync(keyFile, join(root, `v${index}/tls.key`));
  }
  const turnTo = (index: number) => {
    symlinkSync(`v${index}`, join(root, 'next'));
    renameSync(join(root, 'next'), join(root, '..data'));
  };
  turnTo(0);
  for (const name of ['tls.crt', 'tls.key']) symlinkSync(`..data/${name}`, join(root, name));
  const broker = await startBroker({
    root,
    args: ['--tls-cert', join(root, 'tls.crt'), '--tls-key', join(root, 'tls.key')],
  });
  t.after(async () => void (await broker.stop()));
  const port = Number(new URL(broker.listenUrl).port);
  const ca = readFileSync(authority.caFile);
  const open = async (): Promise<TLSSocket> => {
    const socket = connect({ host: '127.0.0.1', port, ca });
    await once(socket, 'secureConnect');
    return socket;
  };
  const shown = async (): Promise<string> => {
    const socket = await open();
    const { fingerprint256 } = socket.getPeerCertificate();
    socket.destroy();
    return fingerprint256;
  };
  const prints = pairs.map(({ certFile }) => fingerprintOf(certFile));
  return { root, broker, turnTo, open, shown, prints, ca, port };
}

test('a renewed certificate is taken by itself, connections that are open go on, and half of a pair is never shown', async (t) => {
  const { root, broker, turnTo, open, shown, prints } = await tlsBroker(t);
  assert.equal(await shown(), prints[0]);
  const before = await open();
  turnTo(1);
  await until('the renewed certificate', async () => (await shown()) === prints[1]);
  before.write('GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n');
  assert.match(await text(before), /^HTTP\/1\.1 200/);

  // Only the certificate is new yet, as while somebody copies one file after the other.
  copyFileSync(join(root, 'v2/tls.crt'), join(root, 'v1/tls.crt'));
  await until('the broker to say so', () => broker.output().includes('is not that of the certificate'));
  assert.equal(await shown(), prints[1]);
  const refused = await broker.cli(['reload']);
  assert.equal(refused.code, 2);
  assert.match(refused.stderr, /the key in .*tls\.key is not that of the certificate in .*tls\.crt/);
  writeFileSync(join(root, 'v1/tls.key'), readFileSync(join(root, 'v2/tls.key')).subarray(0, 40));
  assert.match((await broker.cli(['reload'])).stderr, /tls\.key holds no whole private key/);
  assert.equal(await shown(), prints[1]);
  copyFileSync(join(root, 'v2/tls.key'), join(root, 'v1/tls.key'));
  const report = (await broker.json(['reload'])) as { certificate: string | null };
  assert.ok(report.certificate === prints[2] || report.certificate === null);
  assert.equal(await shown(), prints[2]);
  assert.equal(broker.output().match(/"msg":"serving"/g)?.length, 1, 'it was never started again');
});

test('SIGHUP reloads what can be reloaded, names what needs a restart, and a mistake changes nothing', async (t) => {
  const root = mkdtempSync(join(tmpdir(), 'mg-reload-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const config = join(root, 'mcpgate.yaml');
  writeFileSync(config, 'log: { level: info }\nmetrics: { allow: [127.0.0.1] }\n');
  const world = await createWorld(t, { direct: true, brokerArgs: ['--config', config] });
  const { broker } = world;
  const metrics = async () => (await fetch(`${broker.listenUrl}/metrics`)).status;
  assert.equal(await metrics(), 200);

  writeFileSync(config, 'log: { level: debug }\nmetrics: { allow: [] }\ntunnel: { backlog: 32MiB }\n');
  process.kill(broker.pid, 'SIGHUP');
  const [told] = await until('the reload', async () => {
    const events = await searchEvents(broker, 'config.reloaded');
    return events.length > 0 && events;
  });
  assert.deepEqual(told?.data, { changed: ['log.level', 'metrics.allow'], needs_restart: ['tunnel.backlog'] });
  assert.notEqual(await metrics(), 200);

  writeFileSync(config, 'metrics: { allow: [127.0.0.1] }\nlog: { levle: debug }\n');
  process.kill(broker.pid, 'SIGHUP');
  const [refused] = await until('the refusal', async () => {
    const events = await searchEvents(broker, 'config.refused');
    return events.length > 0 && events;
  });
  assert.match(String(refused?.data['why']), /mcpgate\.yaml:2: log\.levle: unknown key; did you mean "log\.level"\?/);
  assert.notEqual(await metrics(), 200, 'nothing of a file with a mistake holds');
  const { code, stderr } = await broker.cli(['reload']);
  assert.equal(code, 2);
  assert.match(stderr, /did you mean "log\.level"/);

  writeFileSync(config, 'metrics: { allow: [127.0.0.1] }\n');
  const report = await broker.json(['reload']);
  assert.deepEqual(report, { changed: ['log.level', 'metrics.allow'], needs_restart: [], certificate: null });
  assert.equal(await metrics(), 200);
});
