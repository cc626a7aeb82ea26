// Everything that strangers, and one who is let in, may do at once, against a broker with a small heap, while one honest client calls. How
// long calls take is for `npm run attack`, on a quiet machine.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runAttack } from '../attack/attack.ts';

test(
  'a broker with a small heap lives through everything at once, and serves who is honest',
  { timeout: 180_000 },
  async () => {
    const size = {
      badTokens: 600,
      registrations: 120,
      passwords: 9,
      deniedCalls: 25,
      bodies: 10,
      bodyMegabytes: 64,
    };
    const report = await runAttack({ size, givesWay: false });
    const told = JSON.stringify(report, null, 1);
    assert.ok(report.isAlive, told);
    assert.equal(report.failed, 0, told);
    assert.ok(report.calls > 0, told);
    const { most, live } = report.megabytes;
    // The heap, the bodies that may be under way, and the program.
    assert.ok(most < 700, told);
    assert.ok(live.after < live.before + 40, told);
    // A row for each of the first of a kind; the rest are counts.
    assert.ok(report.rows < 1_000, told);

    const statuses = (attack: string) => Object.keys(report.answers[attack] ?? {}).map(Number);
    const allowed: Record<string, readonly number[]> = {
      'bodies without a token': [401],
      'bodies with a bad token': [401],
      // No JSON, too many at once, or a connection that a busy machine did not read in time.
      'bodies with a good token': [400, 408, 429, 503],
      'a message of 60 MB': [200],
      // Too many at once, where the machine is busy with the bodies.
      'denied calls with URIs of 1 MiB': [400, 429],
      'bad tokens': [401, 403, 429],
      registrations: [201, 404, 429],
      'wrong passwords': [401, 429],
    };
    for (const [attack, expected] of Object.entries(allowed)) {
      const answered = statuses(attack);
      assert.ok(answered.length > 0, attack);
      assert.deepEqual(
        answered.filter((status) => !expected.includes(status)),
        [],
        `${attack}: ${told}`,
      );
    }
    assert.ok((report.answers['registrations']?.[201] ?? 0) <= 60, told);
  },
);
