// What code tells apart in a failure is its code, a class with typed fields, or an outcome that a function returns.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readSourceFiles } from './source-files.ts';

/** `error.data`, `why.data?.['x']`, `toGateError(cause).data`. JSON-RPC errors of others are read as records: `body['data']`. */
const READS = /\b(?:\w*(?:error|failure)|cause|why|thrown|reason|toGateError\([^()]*\))\s*\??\.\s*data\b/i;
/** `({ code, data }: GateError)`, `const { data } = toGateError(error)`. */
const TAKES_APART = /\{[^{}]*\bdata\b[^{}]*\}\s*(?::\s*\w*Error\b|=\s*(?:toGateError\(|\w*error\b))/i;
/** A class of errors, to its end. */
const ERROR_CLASS = /\bclass \w+ extends \w*Error\b.*?(?:\{\}|^\})/gms;
const RECORD = /\b(?:Record<string,|data\??:)/;

/** What is wrong with a source, as it stands there. */
function faultsOf(text: string): string[] {
  const code = text.replaceAll(/^\s*\/\/.*$/gm, '');
  const reads = [READS, TAKES_APART].flatMap((pattern) => pattern.exec(code)?.[0] ?? []);
  const classes = code.match(ERROR_CLASS) ?? [];
  return [...reads, ...classes.filter((each) => RECORD.test(each))];
}

test('the rule sees reads of an error’s record, and classes of errors that have one', () => {
  for (const text of [
    "if (error.data?.['status'] === 404) return;",
    "throw toGateError(other).data?.['hasEndpoint'] === true ? other : error;",
    "const retryAfterMs = why\n  .data?.['retryAfterMs'];",
    'function machineForm({ code, data }: GateError): object {',
    'const { message, data } = toGateError(error);',
    'class GateError extends Error {\n  readonly data: unknown;\n}\n',
    'class OddError extends GateError {\n  readonly facts: Readonly<Record<string, unknown>>;\n}\n',
  ])
    assert.equal(faultsOf(text).length, 1, text);
  for (const text of [
    "const data = isRecord(body['data']) ? body['data'] : {};",
    'const { code, message } = parsed.data.error;',
    'class HostError extends GateError {}\n\ninterface Known {\n  data: string;\n}\n',
    'class AttemptError extends GateError {\n  readonly attempt: Attempt;\n}\n',
  ])
    assert.deepEqual(faultsOf(text), [], text);
});

test('no error carries a record for code to read, because whether a call may run twice must not rest on keys that a re-wrap forgets', () => {
  const broken = readSourceFiles()
    .filter(({ path, isTest }) => !isTest && /^(?:broker|cli|shared)\//.test(path))
    .flatMap(({ path, text }) => faultsOf(text).map((fault) => `${path}: ${fault.split('\n', 1)[0] ?? ''}`));
  assert.deepEqual(broken, []);
});
