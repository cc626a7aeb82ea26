import assert from 'node:assert/strict';
import { it } from 'node:test';
import { withHome } from './home-folder.ts';
import { serverRecord } from '../fixtures/pool.ts';
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
