// Before the process ends: `process.exit` joins V8's compiler threads, and one that needs a collection at that moment waits for the main
// thread, which waits for it, for ever (nodejs/node#54918). After a full collection none needs another one.

/** A few milliseconds. The modules are loaded here: nobody pays for them at the start. */
export function collectGarbage(): void {
  process.getBuiltinModule('node:v8').setFlagsFromString('--expose-gc');
  const collect: unknown = process.getBuiltinModule('node:vm').runInNewContext('gc');
  if (typeof collect === 'function') collect();
}
