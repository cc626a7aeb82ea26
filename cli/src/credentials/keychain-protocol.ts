// The messages between the keychain child and its parent: one JSON text in each direction.

export type KeychainRequest =
  | { op: 'probe' }
  | { op: 'read'; account: string }
  | { op: 'write'; account: string; value: string }
  | { op: 'replace'; account: string; expected: string; value: string }
  | { op: 'remove'; account: string };

export type KeychainAnswer =
  | { ok: true; value: string | null; done?: boolean }
  /** `error`: the message of the keychain library. */
  | { ok: false; error: string };

function stringOf(value: object, key: string): string | undefined {
  const found: unknown = Reflect.get(value, key);
  return typeof found === 'string' ? found : undefined;
}

export function guardKeychainRequest(value: unknown): KeychainRequest | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const op = stringOf(value, 'op');
  if (op === 'probe') return { op };
  const account = stringOf(value, 'account');
  if (account === undefined) return undefined;
  if (op === 'read' || op === 'remove') return { op, account };
  const text = stringOf(value, 'value');
  if (text === undefined) return undefined;
  if (op === 'write') return { op, account, value: text };
  const expected = stringOf(value, 'expected');
  return op === 'replace' && expected !== undefined ? { op, account, expected, value: text } : undefined;
}

export function guardKeychainAnswer(value: unknown): KeychainAnswer | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const ok: unknown = Reflect.get(value, 'ok');
  if (ok === false) return { ok, error: stringOf(value, 'error') ?? 'no reason given' };
  if (ok !== true) return undefined;
  return { ok, value: stringOf(value, 'value') ?? null, done: Reflect.get(value, 'done') === true };
}
