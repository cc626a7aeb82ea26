import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { ServerRecord } from '../../domain/server-record.ts';
import { withHome } from './home-folder.ts';
import { serverRecord } from '../fixtures/pool.ts';
import { createBearer } from './bearer.ts';
import { createCarriedHeaders } from './carried-headers.ts';
import { resolveTransport } from './resolved-transport.ts';

it('what a secret holds is not read as a reference or as the home of its server', async () => {
  const value = 'a${home}b${secret:other}c$&';
  const vault = { value: async () => ({ value, version: 3, imported: false }) };
  const record = serverRecord('s', {
    kind: 'stdio',
    command: 'x',
    args: ['--dir=${home}/x', '--key=${secret:k}'],
    env: { CFG: '{"k":"${secret:k}","d":"${home}"}' },
  });
  const { transport, versions } = await resolveTransport(record, vault);
  assert.ok(transport.kind === 'stdio');
  assert.deepEqual(
    transport.args.map((text) => withHome(text, '/h')),
    ['--dir=/h/x', `--key=${value}`],
  );
  assert.deepEqual(JSON.parse(withHome(transport.env['CFG'] ?? '', '/h')), { k: value, d: '/h' });
  assert.deepEqual(versions, ['k@3']);
});

it('the token of an account stays hidden, however often the token beside it that says who asks is made anew', async () => {
  const url = 'https://own.example/mcp';
  const record: ServerRecord = {
    ...serverRecord('own', { kind: 'http', url, headers: {}, identityHeader: 'X-Who' }),
    ...{ credential: 'personal', account: { kind: 'oauth' } },
  };
  const value = 'at-grace-0123456789';
  const vault = { value: () => Promise.reject(new Error('it has no secrets')) };
  const { mask, hide } = await resolveTransport(record, vault);
  const accounts = {
    ...{ token: () => ({ kind: 'token', value }) as const, refused: () => Promise.resolve(undefined) },
    ...{ keysRefused: () => Promise.resolve(false), pageOf: () => '' },
  };
  let made = 0;
  const identityTokens = { tokenFor: () => Promise.resolve(`who-asks-0123456789-${++made}`) };
  const bearer = createBearer(record, 'user:grace', accounts, new Map(), hide);
  const carried = createCarriedHeaders({ record, userId: 'grace', bearer, identityTokens, hide });
  for (let request = 0; request < 8; request++) {
    const said = (await carried?.current())?.headers.join(' ') ?? '';
    assert.equal(mask.text(said), 'authorization Bearer *** x-who ***');
    assert.equal(mask.message?.text(JSON.stringify({ said })), '{"said":"authorization Bearer *** x-who ***"}');
  }
});
