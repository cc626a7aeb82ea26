// The process that calls the keychain library for its parent. A call may hang for ever, and then the parent kills this process. The request is one
// JSON text on stdin, the answer one JSON line on stdout; the secret is never in an argument or in the environment.
import { text } from 'node:stream/consumers';
import { guardKeychainRequest, type KeychainAnswer, type KeychainRequest } from './keychain-protocol.ts';

const SERVICE = 'mcpgate';
const PROBE_ACCOUNT = 'probe';

async function answer(request: KeychainRequest): Promise<KeychainAnswer> {
  const { default: keytar } = await import('@github/keytar');
  const probe = async (): Promise<void> => {
    await keytar.setPassword(SERVICE, PROBE_ACCOUNT, 'mcpgate can write here');
    await keytar.deletePassword(SERVICE, PROBE_ACCOUNT);
  };
  switch (request.op) {
    case 'probe':
      await probe();
      return { ok: true, value: null };
    case 'read': {
      const value = await keytar.getPassword(SERVICE, request.account);
      // Reading gives the same result for a missing item and a locked keychain; only writing shows which one it is.
      if (value === null) await probe();
      return { ok: true, value };
    }
    case 'write':
      await keytar.setPassword(SERVICE, request.account, request.value);
      return { ok: true, value: null };
    case 'replace': {
      const current = await keytar.getPassword(SERVICE, request.account);
      if (current === null) await probe();
      if (current === request.expected) await keytar.setPassword(SERVICE, request.account, request.value);
      return { ok: true, value: null, done: current === request.expected };
    }
    case 'remove': {
      const done = await keytar.deletePassword(SERVICE, request.account);
      if (!done) await probe();
      return { ok: true, value: null, done };
    }
  }
}

async function main(): Promise<void> {
  let result: KeychainAnswer;
  try {
    const request = guardKeychainRequest(JSON.parse(await text(process.stdin)));
    result = request === undefined ? { ok: false, error: 'not a keychain request' } : await answer(request);
  } catch (error) {
    result = { ok: false, error: error instanceof Error ? error.message : String(error) };
  }
  process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0));
}

await main();
