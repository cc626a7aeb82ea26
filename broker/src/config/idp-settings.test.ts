import assert from 'node:assert/strict';
import { test } from 'node:test';
import { idpSettings } from './idp-settings.ts';
import { oidcSchema } from './sign-in-schema.ts';

test('each key about the company’s IdP is a setting of the same name, and its secret is read when it is asked for', async () => {
  const oidc = oidcSchema.parse({
    issuer: 'https://login.example.com',
    client_id: 'mcpgate',
    client_secret: '${secret:idp}',
    groups_claim: 'realm_access.roles',
    logout_ends: 'devices',
  });
  assert.ok(oidc);
  const { clientSecret, ...settings } = idpSettings(oidc, (text) => Promise.resolve(`value of ${text}`));
  assert.deepEqual(settings, {
    issuer: 'https://login.example.com',
    clientId: 'mcpgate',
    scopes: ['openid', 'profile', 'email'],
    label: 'your company account',
    nameClaim: 'preferred_username',
    emailClaim: 'email',
    groupsClaim: 'realm_access.roles',
    allowedDomains: [],
    trustEmail: false,
    linkByEmail: false,
    justInTime: true,
    endSession: false,
    logoutEnds: 'devices',
    secondFactor: [],
    tokenExchange: false,
    assertionClients: new Map(),
  });
  assert.equal(await clientSecret?.(), 'value of ${secret:idp}');
});
