// How the broker proves to an authorization server that it is the client it says.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { createClientIdentities } from './client-identity.ts';

it('a client and its secret are encoded as a form is, and no more, so that servers which do not decode them know them', async () => {
  const clients = createClientIdentities({
    store: { oauthRegistrations: undefined as never },
    vault: undefined as never,
    publicUrl: 'https://broker.example',
    now: () => 0,
  });
  const spelled: [id: string, secret: string, sent: string][] = [
    ['my-client_1.example', 'a-b_c.d', 'my-client_1.example:a-b_c.d'],
    ['https://a.example/c', 'p%: é+', 'https%3A%2F%2Fa.example%2Fc:p%25%3A+%C3%A9%2B'],
  ];
  for (const [id, secret, sent] of spelled) {
    const proof = await clients.proofOf(
      { id, method: 'client_secret_basic', secret },
      { workspaceId: 'default', account: { kind: 'oauth' } },
    );
    const headers = new Headers();
    await proof({ issuer: 'https://as.example' }, { client_id: id }, new URLSearchParams(), headers);
    const said = headers.get('authorization')?.replace(/^Basic /, '') ?? '';
    assert.equal(Buffer.from(said, 'base64').toString(), sent);
  }
});
