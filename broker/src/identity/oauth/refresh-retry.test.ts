import assert from 'node:assert/strict';
import { after, before, mock, suite, test } from 'node:test';
import { systemClock } from 'mcpgate-shared/clock';
import { steppedClock, type SteppedClock } from 'mcpgate-shared/fixtures/stepped-clock';
import { createIdentityWorld, type IdentityWorld } from '../fixtures/identity-world.ts';
import { sha256Hex } from '../../store/secret-token.ts';
import { createRefreshRetry, sourceOfAddress, type Admission, type RefreshRetry } from './refresh-retry.ts';

test('a source is an IPv4 address, a /64 of IPv6, or this computer, however the socket writes it', () => {
  for (const [address, source] of [
    ['10.1.2.3', '10.1.2.3'],
    ['::ffff:10.1.2.3', '10.1.2.3'],
    ['127.0.0.1', 'loopback'],
    ['::1', 'loopback'],
    ['::ffff:127.0.0.9', 'loopback'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:0DB8:1:2::9', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['fe80::1:2:3:4', 'fe80:0:0:0::/64'],
  ] as const) {
    assert.equal(sourceOfAddress(address), source, address);
  }
});

test('of two brokers that get the same refresh token at once one rotates, and both give its answer', async (t) => {
  const world = await createIdentityWorld();
  t.after(() => world.close());
  t.after(() => mock.reset());
  const parts = { store: world.store, vault: world.vault, clock: systemClock };
  const [one, two] = [createRefreshRetry(parts), createRefreshRetry(parts)];
  const attempt = (proof: string) => ({
    refreshToken: 'token',
    grantId: undefined,
    proof: proof.repeat(43),
    consumed: false,
    graceMs: 60_000,
  });
  await world.store.oauth.upsert({
    ...{ kind: 'RefreshToken', idHash: sha256Hex('token'), payload: '{}', grantId: null, userCode: null, uid: null },
    ...{ consumedAt: null, expiresAt: null },
  });
  const rotates = (admission: Admission) =>
    admission.kind === 'rotate' ? admission : assert.fail(`${admission.kind} in place of rotate`);

  const first = rotates(await one.admit(attempt('a')));
  const waits = two.admit(attempt('a'));
  assert.equal(await world.store.oauth.consume('RefreshToken', sha256Hex('token'), Date.now()), true);
  await first.keep({ access_token: 'x' });
  const second = await waits;
  assert.deepEqual(second.kind === 'replay' && second.answer, { access_token: 'x' });
  second.release();
  // One that had been let through before the token was used up finds it gone, and looks for the answer.
  assert.deepEqual(await first.elsewhere(), { access_token: 'x' });
  assert.equal((await two.admit(attempt('b'))).kind, 'reuse', 'from another source it is somebody else');
});

suite('a refresh that is asked for again', () => {
  const GRACE_MS = 60_000;
  const PROOF = 'p'.repeat(43);
  let world: IdentityWorld;
  let clock: SteppedClock;
  let retry: RefreshRetry;
  let count = 0;
  before(async () => {
    world = await createIdentityWorld();
    clock = steppedClock();
    retry = createRefreshRetry({ store: world.store, vault: world.vault, clock });
  });
  after(() => world.close());

  const rowOf = (refreshToken: string, consumedAt: number | null = null) => ({
    ...{ kind: 'RefreshToken', idHash: sha256Hex(refreshToken), payload: '{}', grantId: null, userCode: null },
    ...{ uid: null, consumedAt, expiresAt: null },
  });
  /** A refresh token that is kept, used up or not. */
  const give = async (consumedAt: number | null = null) => {
    const refreshToken = `token-${++count}`;
    await world.store.oauth.upsert(rowOf(refreshToken, consumedAt));
    return refreshToken;
  };
  const ask = (refreshToken: string, proof: unknown = PROOF, consumed = false) =>
    retry.admit({ refreshToken, grantId: 'g', proof, consumed, graceMs: GRACE_MS });
  const useUp = (refreshToken: string) => world.store.oauth.upsert(rowOf(refreshToken, 1));
  const keptOf = (refreshToken: string) => world.store.oauth.find('RefreshAnswer', sha256Hex(refreshToken));
  /** Asks, and gives the key back at once. */
  const kindOf = async (...asked: Parameters<typeof ask>) => {
    const admission = await ask(...asked);
    admission.release();
    return admission.kind;
  };
  /** Rotates, and gives `answer`. */
  const rotate = async (refreshToken: string, proof: unknown = PROOF, answer: unknown = { access_token: 'x' }) => {
    const admission = await ask(refreshToken, proof);
    assert.equal(admission.kind, 'rotate');
    await useUp(refreshToken);
    if (admission.kind === 'rotate') await admission.keep(answer);
    admission.release();
  };

  test('with its proof gets the very answer that was lost, as long as the grace lasts, and is a thief’s then', async () => {
    const token = await give();
    await rotate(token);
    for (const consumed of [true, false]) {
      const again = await ask(token, PROOF, consumed);
      assert.deepEqual(again.kind === 'replay' && again.answer, { access_token: 'x' });
      again.release();
    }
    const kept = await keptOf(token);
    assert.ok(kept !== undefined && !kept.payload.includes('access_token') && !kept.payload.includes(PROOF), 'sealed');
    assert.deepEqual([kept.grantId, kept.expiresAt], ['g', clock.now() + GRACE_MS]);
    clock.advance(GRACE_MS - 1);
    assert.equal(await kindOf(token, PROOF, true), 'replay');
    clock.advance(1);
    assert.equal(await kindOf(token, PROOF, true), 'reuse');
  });

  test('with another proof, or with none, is a thief’s', async () => {
    const token = await give();
    await rotate(token);
    for (const proof of ['q'.repeat(43), '', null, 7, [PROOF]])
      assert.equal(await kindOf(token, proof, true), 'reuse', String(proof));
    assert.equal(await kindOf(await give(1), PROOF, true), 'reuse', 'nor is there an answer');
    assert.equal(await kindOf(await give(1), PROOF), 'reuse', 'also where only the store knows that it is used up');
  });

  test('without a proof that is one rotates, and keeps nothing', async () => {
    for (const proof of [null, 7, PROOF.slice(1), `${PROOF}p`, `${PROOF.slice(1)}=`, `${PROOF}\n`]) {
      const token = await give();
      const admission = await ask(token, proof);
      assert.ok(admission.kind === 'rotate');
      await admission.keep({ access_token: 'x' });
      assert.equal(await admission.elsewhere(), undefined);
      admission.release();
      assert.equal(await keptOf(token), undefined, String(proof));
    }
  });

  test('while it is answered waits for that, and another token does not', async () => {
    const token = await give();
    const first = await ask(token);
    assert.ok(first.kind === 'rotate');
    const second = ask(token);
    assert.equal(await kindOf(await give()), 'rotate');
    await useUp(token);
    await first.keep('the answer');
    first.release();
    const replay = await second;
    assert.deepEqual(replay.kind === 'replay' && replay.answer, 'the answer');
    replay.release();
    const thief = ask(token, 'q'.repeat(43));
    assert.equal((await thief).kind, 'reuse', 'which the store says, since the token was asked for as good');
    (await thief).release();
  });

  /** Lets so much time pass as a waiting one takes. */
  async function passUntil<T>(answer: Promise<T>): Promise<T> {
    let isDone = false;
    const settled = answer.finally(() => (isDone = true));
    while (!isDone) {
      await new Promise<void>((resolve) => setImmediate(resolve));
      clock.advance(50);
    }
    return settled;
  }

  test('at another broker that has begun it is waited for three seconds; where no answer comes, it is begun anew', async () => {
    const token = await give();
    const begun = await ask(token);
    begun.release();
    const startedAt = clock.now();
    const admission = await passUntil(ask(token));
    assert.equal(admission.kind, 'rotate', 'the token is still good');
    assert.ok(clock.now() - startedAt >= 3_000);
    admission.release();

    const used = await give();
    (await ask(used)).release();
    await useUp(used);
    const again = await passUntil(ask(used, PROOF, true));
    assert.equal(again.kind, 'rotate');
    again.release();
    const opened = await world.store.oauth.find('RefreshToken', sha256Hex(used));
    assert.equal(opened?.consumedAt, null, 'nobody has got an answer to it');

    const gone = await give();
    (await ask(gone)).release();
    await world.store.oauth.destroy('RefreshToken', sha256Hex(gone));
    const late = await passUntil(ask(gone, PROOF, true));
    assert.equal(late.kind, 'reuse');
    late.release();
  });

  test('at another broker gets its answer as soon as that is there', async () => {
    const token = await give();
    const begun = await ask(token);
    assert.ok(begun.kind === 'rotate');
    begun.release();
    const waits = ask(token);
    await new Promise<void>((resolve) => setImmediate(resolve));
    await begun.keep({ access_token: 'late' });
    const answer = await passUntil(waits);
    assert.deepEqual(answer.kind === 'replay' && answer.answer, { access_token: 'late' });
    assert.deepEqual(await begun.elsewhere(), { access_token: 'late' });
    answer.release();
  });

  test('that fails lets the next one in', async () => {
    const token = await give();
    await world.store.oauth.upsert({ ...rowOf(token), kind: 'RefreshAnswer', payload: 'damaged' });
    await assert.rejects(ask(token), SyntaxError);
    await assert.rejects(ask(token), SyntaxError, 'and not behind the first one for ever');
  });
});
