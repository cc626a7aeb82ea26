// Collects all garbage before the process ends, against a deadlock in Node (nodejs/node#54918): `process.exit` waits for V8's compiler threads, and a
// thread that needs a garbage collection at that moment waits for the main thread. After a full collection no thread needs one.

/** Takes a few milliseconds. Loads its modules only here, so that they do not slow down the start. */
export function collectGarbage(): void {
  process.getBuiltinModule('node:v8').setFlagsFromString('--expose-gc');
  const collect: unknown = process.getBuiltinModule('node:vm').runInNewContext('gc');
  if (typeof collect === 'function') collect();
}
