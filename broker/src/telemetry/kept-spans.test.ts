// Spans that a collector does not take outlive the broker that made them, on each engine.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { createDeliveries } from '../deliveries/create-deliveries.ts';
import { onBothEngines } from '../store/fixtures/both-engines.ts';
import { createKeptSpans, type Tried } from './kept-spans.ts';
import type { Posted } from './otlp-receiver.ts';

onBothEngines((open) => {
  it('a broker that was killed has lost nothing that it kept: the next one sends it, whole and in order, after an hour', async (t) => {
    const { store, clock } = await open(t);
    let answer: Posted = { kind: 'again', why: 'nobody there', afterMs: undefined };
    const broker = (holder: string) => {
      const came: string[] = [];
      const tried: Tried[] = [];
      const deliveries = createDeliveries({
        ...{ store, clock, holder, location: holder, random: () => 0 },
        audit: { event: () => Promise.resolve() },
        log: { warn: (facts) => assert.fail(JSON.stringify(facts)) },
      });
      const kept = createKeptSpans(deliveries, {
        postText(signal, json) {
          assert.equal(signal, 'traces');
          if (answer.kind === 'taken') came.push(json);
          return Promise.resolve(answer);
        },
      });
      kept.onTried((each) => tried.push(each));
      return { deliveries, kept, came, tried };
    };
    const first = broker('first');
    const documents = [1, 2, 3].map((each) =>
      JSON.stringify({ resourceSpans: [{ schemaUrl: `${each}`, many: 'x'.repeat(10_000) }] }),
    );
    for (const document of documents) await first.kept.put(document, 7);
    await first.deliveries.deliverDue();
    const [queue] = await first.deliveries.queues();
    assert.deepEqual([queue?.destination, queue?.queued, queue?.lastError], ['spans:otlp', 3, 'nobody there']);
    assert.ok((queue?.bytes ?? 0) < 2_000, 'compressed');

    clock.at += 3_600_000;
    answer = { kind: 'taken' };
    const next = broker('next');
    await next.deliveries.deliverDue();
    assert.deepEqual(next.came, documents);
    assert.deepEqual(
      next.tried,
      documents.map(() => ({ kind: 'arrived', spans: 7 })),
    );

    answer = { kind: 'lost', why: 'status 400' };
    await next.kept.put('{}', 9);
    await next.deliveries.deliverDue();
    assert.deepEqual([next.tried.at(-1), (await next.deliveries.queues())[0]?.queued], [{ kind: 'lost', spans: 9 }, 0]);
  });
});
