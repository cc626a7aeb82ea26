import assert from 'node:assert/strict';
import { test } from 'node:test';
import { administration } from './fixtures/administration.ts';

const admin = administration();

test('whoever is not on the host learns nothing of its files by naming one as the new master key', async () => {
  const issued = await admin.broker.json(['admin-token', 'issue', '--label', 'far', '--role', 'admin']);
  const authorization = `Bearer ${String(Object(issued)['token'])}`;
  const answers = new Set<string>();
  for (const path of ['/etc/passwd', '/etc', '/no/such/file', admin.broker.dataDir]) {
    const response = await fetch(`${admin.broker.url}/api/v1/key/rotation`, {
      method: 'POST',
      headers: { authorization, 'content-type': 'application/json' },
      body: JSON.stringify({ new_key_file: path }),
    });
    const answer: unknown = await response.json();
    const { code, message } = Object(Object(answer)['error']);
    answers.add(`${response.status} ${code} ${message}`.replaceAll(path, 'FILE'));
  }
  assert.equal(answers.size, 1, [...answers].join('\n'));
  assert.match([...answers].join(), /holds no master key that can be used/);
});
