// What is kept of people's sign-ins at the company's IdP: a refresh token that is used once by all brokers together, brokers that die over it, and an
// IdP that is away or says that a sign-in is over.
import assert from 'node:assert/strict';
import { it, type TestContext } from 'node:test';
import { type Clock, systemClock } from 'mcpgate-shared/clock';
import { pino } from 'pino';
import { idpSettingsFor } from '../../http/pages/fixtures/idp-world.ts';
import { onBothEngines, type OpenStoreUnderTest } from '../../store/fixtures/both-engines.ts';
import type { Store } from '../../store/store.ts';
import { createVault } from '../../vault/create-vault.ts';
import { loadMasterKey } from '../../vault/master-key.ts';
import { createAssertionRequests } from './assertion-requests.ts';
import { CLIENT, startCrookedIdp, type TokenAnswer } from './fixtures/crooked-idp.ts';
import { createIdpMetadata } from './idp-metadata.ts';
import { createKeptSignIns, type Renew } from './kept-sign-ins.ts';

/** An ID token that lives no longer is refreshed before it is sent. */
const ENDS_SOON_S = 5;

onBothEngines((open: OpenStoreUnderTest) => {
  async function world(t: TestContext, more: { logoutEnds?: 'sessions' | 'devices' } = {}) {
    const idp = await startCrookedIdp();
    const under = await open(t);
    under.clock.now = () => systemClock.now();
    const masterKey = loadMasterKey({ dataDir: under.dataDir });
    const settings = { ...idpSettingsFor(idp.issuer), tokenExchange: true, ...more };
    const metadata = createIdpMetadata({ settings, clock: systemClock, log: pino({ level: 'silent' }) });
    await metadata.read();
    t.after(async () => {
      metadata.close();
      await idp.stop().catch(() => undefined);
    });
    const vaultOver = (store: Store) => createVault({ store, masterKey, clock: systemClock });
    const brokerOver = async (store: Store, clock: Clock = systemClock) =>
      createAssertionRequests({ settings, metadata, store, vault: await vaultOver(store), clock });
    const person = { workspaceId: 'default', name: 'ada', email: null, role: 'member', groups: [] } as const;
    const userId = (await under.store.users.create(person)).id;
    const first = await brokerOver(under.store);
    const elsewhere = await under.reopen();
    const question = {
      workspaceId: 'default',
      userId,
      audience: 'https://auth.example',
      resource: 'https://web.example',
    };
    return {
      ...{ idp, first, elsewhere, userId, brokerOver, vaultOver, store: under.store },
      second: await brokerOver(elsewhere),
      /** Signs in at the IdP; `lifetimeS`: of that ID token alone. */
      async signIn({ lifetimeS = ENDS_SOON_S, claims = {} } = {}) {
        const verifier = 'v'.repeat(43);
        const digest = await crypto.subtle.digest('SHA-256', Buffer.from(verifier));
        const asked = { redirect_uri: 'https://broker.example/back', state: 's', nonce: 'n' };
        const challenge = Buffer.from(digest).toString('base64url');
        const query = new URLSearchParams({ ...asked, code_challenge: challenge });
        const sent = await fetch(`${idp.issuer}/authorize?${query.toString()}`, { redirect: 'manual' });
        const code = new URL(sent.headers.get('location') ?? '').searchParams.get('code') ?? '';
        const basic = Buffer.from(`${CLIENT.id}:${CLIENT.secret.replaceAll(' ', '+')}`).toString('base64');
        idp.lifetimeS = lifetimeS;
        idp.bend = (told) => ({ ...told, ...claims });
        const answer = await fetch(`${idp.issuer}/token`, {
          method: 'POST',
          headers: { authorization: `Basic ${basic}` },
          body: new URLSearchParams({ ...asked, grant_type: 'authorization_code', code, code_verifier: verifier }),
        });
        idp.lifetimeS = 300;
        idp.bend = (told) => told;
        const tokens = (await answer.json()) as { id_token: string; refresh_token?: string };
        await first.keep(userId, { idToken: tokens.id_token, refreshToken: tokens.refresh_token ?? null });
      },
      ask: async (broker: typeof first) => broker.request({ ...question, scopes: [] }),
      kindOf: async (broker: typeof first) => (await broker.request({ ...question, scopes: [] })).kind,
    };
  }
  const AWAY = { code: 'unreachable', message: /^Corp ID \(127\.0\.0\.1:\d+\) cannot be asked now; nothing was sent$/ };

  it('is refreshed once, however many calls wait at each broker, and again when that one ends', async (t) => {
    const { idp, first, second, signIn, kindOf } = await world(t);
    idp.givesRefreshTokens = true;
    await signIn();
    const all = await Promise.all(Array.from({ length: 20 }, (_, i) => kindOf(i % 2 === 0 ? first : second)));
    assert.deepEqual(new Set(all), new Set(['granted']));
    assert.deepEqual(idp.refreshes, { done: 1, reused: 0 });
    await signIn({ lifetimeS: 300 });
    assert.equal(await kindOf(second), 'granted');
    assert.equal(idp.refreshes.done, 1, 'nor is one that is good');
  });

  it('is asked for nothing while the IdP is away, is named then, and works again by itself when it is back', async (t) => {
    const { idp, first, second, signIn, ask, kindOf } = await world(t);
    idp.givesRefreshTokens = true;
    await signIn();
    for (const status of [429, 500, 503]) {
      idp.tokenStatus = status;
      await assert.rejects(ask(first), AWAY, String(status));
    }
    idp.tokenStatus = undefined;
    await idp.stop();
    await assert.rejects(ask(first), AWAY);
    await assert.rejects(ask(second), AWAY);
    await idp.start();
    assert.equal(await kindOf(second), 'granted');
    assert.deepEqual(idp.refreshes, { done: 1, reused: 0 });
    await idp.stop();
    await assert.rejects(ask(first), AWAY, 'the exchange itself too');
    await idp.start();
    assert.equal(await kindOf(first), 'granted');
  });

  it('is taken over seconds after a broker has died before it sent the refresh token, and nobody waits for one that died later', async (t) => {
    const { idp, elsewhere, userId, brokerOver, vaultOver, store, signIn, kindOf } = await world(t);
    idp.givesRefreshTokens = true;
    const vault = await vaultOver(store);
    /** A broker that is at this point for ever, and keeps nothing up. */
    async function dieIn(renew: Renew): Promise<void> {
      const stopped: Clock = { ...systemClock, after: () => () => undefined };
      const reached = Promise.withResolvers<void>();
      const dead = createKeptSignIns({
        ...{ store, vault, clock: stopped },
        renew: async (...asked) => {
          await renew(...asked);
          reached.resolve();
          return new Promise<never>(() => undefined);
        },
      });
      void dead.idToken(userId);
      await reached.promise;
    }
    /** Time goes by as it is waited for. */
    const waiting = async () => {
      let waitedMs = 0;
      const clock: Clock = {
        now: () => systemClock.now() + waitedMs,
        after(delayMs, callback) {
          if (delayMs === 1_000) return () => undefined;
          waitedMs += delayMs;
          setImmediate(callback);
          return () => undefined;
        },
      };
      return { broker: await brokerOver(elsewhere, clock), waitedMs: () => waitedMs };
    };
    await signIn();
    await dieIn(() => Promise.resolve({ kind: 'over' }));
    const early = await waiting();
    assert.equal(await kindOf(early.broker), 'granted');
    assert.ok(early.waitedMs() <= 4_200, String(early.waitedMs()));
    assert.deepEqual(idp.refreshes, { done: 1, reused: 0 });

    await signIn();
    await dieIn(async (_of, _token, sending) => {
      await sending();
      return { kind: 'over' };
    });
    const late = await waiting();
    assert.equal(await kindOf(late.broker), 'no_sign_in');
    const waited = late.waitedMs();
    assert.ok(waited <= 4_200, String(waited));
    assert.equal(await kindOf(late.broker), 'no_sign_in');
    assert.equal(late.waitedMs(), waited, 'it is known by now');
    assert.deepEqual(idp.refreshes, { done: 1, reused: 0 }, 'the token may have been used');
    await signIn({ lifetimeS: 300 });
    assert.equal(await kindOf(late.broker), 'granted', 'whoever signs in goes on');
  });

  it('is not refreshed with the same token again where its answer was lost', async (t) => {
    const { idp, first, second, signIn, ask, kindOf } = await world(t);
    idp.givesRefreshTokens = true;
    await signIn();
    idp.onRefreshed = async () => {
      idp.onRefreshed = undefined;
      await idp.stop();
    };
    await assert.rejects(ask(first), AWAY);
    await idp.start();
    for (const broker of [first, second]) assert.equal(await kindOf(broker), 'no_sign_in');
    assert.deepEqual(idp.refreshes, { done: 1, reused: 0 });
  });

  it('is over where the IdP says so, and no ID token of somebody else takes its place', async (t) => {
    const { idp, first, second, signIn, ask, kindOf } = await world(t);
    idp.givesRefreshTokens = true;
    await signIn();
    idp.endSignIns();
    assert.equal(await kindOf(first), 'no_sign_in');
    await signIn();
    idp.bend = (told) => ({ ...told, sub: 'sub-eve' });
    await assert.rejects(ask(first), AWAY);
    idp.bend = (told) => told;
    assert.equal(await kindOf(second), 'no_sign_in');
    assert.equal(idp.refreshes.reused, 0);
  });

  it('is refreshed, or asked for anew, where the IdP takes the ID token no more; a policy that says no is told in its words', async (t) => {
    const { idp, first, signIn, ask, kindOf } = await world(t);
    const old = { iat: Math.floor(Date.now() / 1000) - 120 };
    const no: TokenAnswer = { status: 400, body: { error: 'invalid_grant', error_description: 'not assigned' } };
    idp.atExchange = () => Promise.resolve(no);
    await signIn({ lifetimeS: 300 });
    assert.deepEqual(await ask(first), { kind: 'refused', by: 'Corp ID', why: '"invalid_grant: not assigned"' });
    await signIn({ lifetimeS: 300, claims: old });
    assert.equal(await kindOf(first), 'no_sign_in');
    idp.atExchange = () => assert.fail('what is spent is not sent again');
    assert.equal(await kindOf(first), 'no_sign_in');
    idp.givesRefreshTokens = true;
    await signIn({ lifetimeS: 300, claims: old });
    idp.atExchange = () => {
      idp.atExchange = undefined;
      return Promise.resolve(no);
    };
    assert.equal(await kindOf(first), 'granted');
    assert.deepEqual(idp.refreshes, { done: 1, reused: 0 });
  });

  it('ends with the session at the IdP, unless it was kept for offline access', async (t) => {
    const { idp, first, second, userId, signIn, kindOf } = await world(t);
    const here = { lifetimeS: 300, claims: { sid: 'here' } };
    await signIn(here);
    await second.signedOut(userId, 'another');
    assert.equal(await kindOf(first), 'granted');
    await second.signedOut(userId, 'here');
    assert.equal(await kindOf(first), 'no_sign_in');
    idp.givesRefreshTokens = true;
    await signIn(here);
    await first.signedOut(userId, undefined);
    assert.equal(await kindOf(first), 'granted');
    const strict = await world(t, { logoutEnds: 'devices' });
    strict.idp.givesRefreshTokens = true;
    await strict.signIn(here);
    await strict.first.signedOut(strict.userId, undefined);
    assert.equal(await strict.kindOf(strict.second), 'no_sign_in');
  });
});
