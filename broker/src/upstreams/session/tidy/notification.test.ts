import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { sdkTakes } from 'mcpgate-test/world/clients/sdk-judges';
import { tidyLog, tidyProgress } from './notification.ts';

test('a log message has a level that clients know', () => {
  assert.equal(tidyLog('{"level":"error","data":1}'), '{"level":"error","data":1}');
  assert.equal(tidyLog('{"level":"WARN","data":1}'), '{"level":"warning","data":1}');
  assert.equal(tidyLog('{"level":30,"logger":null,"data":{"a":null}}'), '{"level":"info","data":{"a":null}}');
  assert.equal(tidyLog('{}'), '{"level":"info","data":null}');
});

test('progress that is none is dropped, what is odd beside it goes', () => {
  assert.equal(
    tidyProgress('{"progressToken":1,"progress":0.5,"total":null,"message":7}'),
    '{"progressToken":1,"progress":0.5}',
  );
  assert.equal(tidyProgress('{"progress":"50 %"}'), undefined);
  assert.equal(tidyProgress('{"progress":1e999}'), undefined);
});

test('whatever a server sends, what goes on is taken by the official SDK', () => {
  const odd = fc.oneof(fc.constantFrom(null, '', 'warn', 7, [], {}), fc.jsonValue());
  const params = fc.dictionary(
    fc.constantFrom('level', 'logger', 'data', '_meta', 'progress', 'total', 'message', '__proto__'),
    odd,
  );
  fc.assert(
    fc.property(params, (given) => {
      const text = JSON.stringify(given);
      const log: unknown = JSON.parse(tidyLog(text));
      sdkTakes('notifications/message', log);
      const progress = tidyProgress(text);
      if (progress === undefined) return;
      const told = { ...(JSON.parse(progress) as object), progressToken: 1 };
      sdkTakes('notifications/progress', told);
    }),
  );
});
