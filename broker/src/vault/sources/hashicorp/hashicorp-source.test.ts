// Secrets of a HashiCorp Vault: what is read, how the broker logs in and stays so, and what each thing that is in the way is called.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { it, type TestContext } from 'node:test';
import { systemClock, type Clock } from 'mcpgate-shared/clock';
import type { HashicorpSettings } from '../../../config/source-settings.ts';
import { temporaryFolder } from '../../../store/fixtures/both-engines.ts';
import { createPrivateAuthority } from '../../../../../test/world/network/private-authority.ts';
import { startVaultServer, type VaultServer } from '../fixtures/vault-server.ts';
import { createHashicorpSource } from './hashicorp-source.ts';

interface Surroundings {
  env?: Record<string, string>;
  clock?: Clock;
}

function sourceOf(
  t: TestContext,
  { address }: { address: string },
  settings: Partial<HashicorpSettings> = {},
  { env = {}, clock = systemClock }: Surroundings = {},
) {
  const source = createHashicorpSource(
    {
      ...{ address, namespace: undefined, caFile: undefined, mount: 'secret', paths: ['*'], authMount: 'token' },
      login: { method: 'token', tokenFile: undefined },
      ...settings,
    },
    { env, clock },
  );
  t.after(() => source.close?.());
  return {
    read: (text: string, workspaceId = 'default') => source.read({ text, workspaceId }),
    check: (text: string, workspaceId = 'default') => source.check({ text, workspaceId }),
  };
}

const tokenOf = (vault: VaultServer, options?: Parameters<VaultServer['createToken']>[0]) => ({
  env: { VAULT_TOKEN: vault.createToken(options) },
});

/** Real time for what is asked, and timers that a test lets run. */
function clockByHand() {
  const timers: { afterMs: number; callback: () => void }[] = [];
  let passed = 0;
  const clock: Clock = {
    now: () => Date.now() + passed,
    after(afterMs, callback) {
      if (afterMs < 2_000) return systemClock.after(afterMs, callback);
      const timer = { afterMs, callback };
      timers.push(timer);
      return () => void timers.splice(timers.indexOf(timer) >>> 0, 1);
    },
  };
  return { clock, timers, pass: (ms: number) => void (passed += ms) };
}

it('one key of a secret is read, in its newest version, with the header of its namespace', async (t) => {
  const vault = await startVaultServer(t, { namespace: 'team-a', mount: 'kv/mcp' });
  vault.put('github/prod', { token: 'ghp_one', other: 'x' });
  const { read } = sourceOf(t, vault, { namespace: 'team-a', mount: 'kv/mcp' }, tokenOf(vault));
  assert.equal(await read('github/prod#token'), 'ghp_one');
  vault.put('github/prod', { token: 'ghp_two\n' });
  assert.equal(await read('github/prod#token'), 'ghp_two');
});

it('AppRole logs in once for many reads, and again when its token was revoked behind its back', async (t) => {
  const vault = await startVaultServer(t);
  vault.put('a', { k: 'v' });
  const { roleId, secretId } = vault.appRole();
  const login = { method: 'approle', roleId, secretIdFile: undefined } as const;
  const { read } = sourceOf(t, vault, { authMount: 'approle', login }, { env: { VAULT_SECRET_ID: secretId } });
  assert.deepEqual(await Promise.all([read('a#k'), read('a#k'), read('a#k')]), ['v', 'v', 'v']);
  const logins = () => vault.requests.filter((each) => each === 'POST auth/approle/login').length;
  assert.equal(logins(), 1);
  for (const token of vault.liveTokens()) vault.revoke(token);
  assert.equal(await read('a#k'), 'v');
  assert.equal(logins(), 2);
});

it('Kubernetes logs in with the token of its service account, which is read at each login', async (t) => {
  const vault = await startVaultServer(t);
  vault.put('a', { k: 'v' });
  vault.kubernetesRole('mcpgate', { serviceAccount: 'broker' });
  const jwtFile = join(temporaryFolder(t), 'token');
  const login = { method: 'kubernetes', role: 'mcpgate', jwtFile } as const;
  const { read } = sourceOf(t, vault, { authMount: 'kubernetes', login });
  await assert.rejects(read('a#k'), { code: 'unavailable', message: /vault\.jwt_file: .* there is no such file/ });
  writeFileSync(jwtFile, vault.serviceAccountToken('broker', { signedByAnother: true }));
  await assert.rejects(read('a#k'), {
    message: /refuses the login by kubernetes at auth\/kubernetes .*permission denied/,
  });
  writeFileSync(jwtFile, vault.serviceAccountToken('another'));
  await assert.rejects(read('a#k'), { message: /service account name not authorized/ });
  writeFileSync(jwtFile, `${vault.serviceAccountToken('broker')}\n`);
  assert.equal(await read('a#k'), 'v');
});

it('a token is renewed at two thirds of its time, and where it can be renewed no more there is a new login', async (t) => {
  const vault = await startVaultServer(t);
  vault.put('a', { k: 'v' });
  const { roleId, secretId } = vault.appRole({ ttlS: 600, maxTtlS: 1000 });
  const { clock, timers, pass } = clockByHand();
  const login = { method: 'approle', roleId, secretIdFile: undefined } as const;
  const around = { env: { VAULT_SECRET_ID: secretId }, clock };
  const { read } = sourceOf(t, vault, { authMount: 'approle', login }, around);
  await read('a#k');
  assert.deepEqual(
    timers.map(({ afterMs }) => afterMs),
    [400_000],
  );
  const renewed = (): Promise<unknown> => waitFor(() => timers.length === 1);
  timers.splice(0)[0]?.callback();
  await renewed();
  assert.equal(vault.requests.at(-1), 'POST auth/token/renew-self');
  assert.equal(await read('a#k'), 'v');
  // Vault ends it in the meantime.
  for (const token of vault.liveTokens()) vault.revoke(token);
  timers.splice(0)[0]?.callback();
  await waitFor(() => vault.requests.filter((each) => each.endsWith('renew-self')).length === 2);
  assert.equal(await read('a#k'), 'v');
  // Nobody has renewed it in its time: it is not even tried.
  pass(601_000);
  const before = vault.requests.length;
  assert.equal(await read('a#k'), 'v');
  assert.equal(vault.requests[before], 'POST auth/approle/login');
});

it('a token in a file is read again when Vault does not take it any more, and one of the environment cannot be', async (t) => {
  const vault = await startVaultServer(t);
  vault.put('a', { k: 'v' });
  const tokenFile = join(temporaryFolder(t), 'token');
  const first = vault.createToken({ ttlS: 60 });
  writeFileSync(tokenFile, first);
  chmodSync(tokenFile, 0o600);
  const { read } = sourceOf(t, vault, { login: { method: 'token', tokenFile } });
  assert.equal(await read('a#k'), 'v');
  vault.revoke(first);
  await assert.rejects(read('a#k'), { code: 'unavailable', message: /secret\/a is refused .*permission denied/ });
  writeFileSync(tokenFile, `${vault.createToken()}\n`);
  assert.equal(await read('a#k'), 'v');
  const fixed = sourceOf(t, vault, {}, { env: { VAULT_TOKEN: first } });
  await assert.rejects(fixed.read('a#k'), {
    message: /the policy of the broker's token must allow read on secret\/data\/a/,
  });
  const none = sourceOf(t, vault);
  await assert.rejects(none.read('a#k'), { message: /vault\.token_file: neither .* nor VAULT_TOKEN/ });
});

it('what is in the way is said in words: sealed, no policy, no secret, deleted, no such key, no text', async (t) => {
  const vault = await startVaultServer(t);
  vault.put('a', { k: 'v', n: 7, e: '' });
  vault.put('gone', { k: 'v' });
  vault.remove('gone');
  vault.policies.set('narrow', ['secret/data/a', 'secret/data/gone', 'secret/data/none']);
  const { read } = sourceOf(t, vault, {}, tokenOf(vault, { policies: ['narrow'] }));
  const says = (text: string, message: RegExp) => assert.rejects(read(text), { code: 'unavailable', message });
  await says('b#k', /secret\/b is refused \(“1 error occurred: \* permission denied”\)/);
  await says('none#k', /there is no secret\/none; vault\.mount says where/);
  await says('gone#k', /the newest version of secret\/gone was deleted/);
  await says('a#q', /secret\/a has no q$/);
  await says('a#n', /n of secret\/a is no text/);
  await says('a#e', /e of secret\/a is empty/);
  vault.setSealed(true);
  await says('a#k', /is sealed, or not set up/);
  vault.setSealed(false);
  assert.equal(await read('a#k'), 'v');
});

it('what is over in a moment is tried again; what lasts is told, and a login that has arrived is not sent twice', async (t) => {
  const vault = await startVaultServer(t);
  vault.put('a', { k: 'v' });
  const { read } = sourceOf(t, vault, {}, tokenOf(vault));
  vault.failNext(500, 2);
  assert.equal(await read('a#k'), 'v');
  vault.failNext(502, 9);
  await assert.rejects(read('a#k'), { code: 'unavailable', message: /answered with status 502/ });
  await vault.close();
  await assert.rejects(read('a#k'), { code: 'unavailable', message: /could not be reached \(ECONNREFUSED\)/ });

  let connections = 0;
  const silent = createServer((socket) => {
    connections += 1;
    socket.on('error', () => undefined).once('data', () => socket.destroy());
  });
  silent.listen(0, '127.0.0.1');
  await once(silent, 'listening');
  t.after(() => silent.close());
  const address = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
  const login = { method: 'approle', roleId: 'r', secretIdFile: undefined } as const;
  const other = sourceOf(t, { address }, { authMount: 'approle', login }, { env: { VAULT_SECRET_ID: 's' } });
  await assert.rejects(other.read('a#k'), { code: 'unavailable', message: /could not be reached/ });
  assert.equal(connections, 1);
});

it('Vault is trusted by the certificates that the configuration names, and by no others', async (t) => {
  const authority = await createPrivateAuthority();
  t.after(() => authority.remove());
  const { certFile, keyFile } = await authority.issue('IP:127.0.0.1');
  const tls = { key: readFileSync(keyFile, 'utf8'), cert: readFileSync(certFile, 'utf8') };
  const vault = await startVaultServer(t, { tls });
  vault.put('a', { k: 'v' });
  const around = tokenOf(vault);
  assert.equal(await sourceOf(t, vault, { caFile: authority.caFile }, around).read('a#k'), 'v');
  const before = vault.requests.length;
  const untrusted = sourceOf(t, vault, {}, around).read('a#k');
  await assert.rejects(untrusted, {
    code: 'unavailable',
    message: /could not be reached .*\(\w*(CERT|SIGNED|VERIFY)\w*\): its certificate is not trusted; vault\.ca_file/,
  });
  const missing = sourceOf(t, vault, { caFile: '/none.pem' }, around).read('a#k');
  await assert.rejects(missing, {
    code: 'unavailable',
    message: /vault\.ca_file: \/none\.pem cannot be read: there is no such file/,
  });
  assert.equal(vault.requests.length, before, 'the token was shown to nobody');
});

it('a workspace reads below the paths that are its own, and no path leads out of them', async (t) => {
  const vault = await startVaultServer(t);
  vault.put('teams/b/x', { k: 'theirs' });
  const { read, check } = sourceOf(t, vault, { paths: ['shared/*', 'teams/{workspace}/*'] }, tokenOf(vault));
  assert.equal(await read('teams/b/x#k', 'b'), 'theirs');
  for (const [text, workspace] of [
    ['teams/b/x#k', 'c'],
    ['teams/b/x#k', 'default'],
    ['shared/x#k', 'b'],
  ] as const)
    assert.throws(() => check(text, workspace), { code: 'forbidden', message: /vault\.paths .* does not allow/ }, text);
  for (const text of ['teams/b/../c/x#k', 'teams/b//x#k', '/teams/b/x#k', 'teams/b/x', 'teams/b/x#', '#k'])
    assert.throws(() => check(text, 'b'), { code: 'usage' }, text);
});

async function waitFor(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve));
}
