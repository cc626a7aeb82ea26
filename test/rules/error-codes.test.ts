// What may be done about an attempt at a server is said in broker/src/upstreams/remedy.ts, by the attempt's outcome. The code of an error is for
// people and programs outside; which outcome follows from it is said in attempt.ts.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EXIT_CODE } from '../../shared/src/error.ts';
import { readSourceFiles } from './source-files.ts';

const REMEDY = 'broker/src/upstreams/remedy.ts';
const CODE = `['"\`](?:${Object.keys(EXIT_CODE).join('|')})['"\`]`;
/** `error.code`, `why?.code`, and a `code` that was taken out of an error before. */
const READ = String.raw`\bcode\b`;
const BRANCHES = new RegExp(
  [
    // `error.code === 'timeout'`, `'timeout' !== code`, `case 'timeout':`
    String.raw`${READ}\s*[!=]==?\s*${CODE}`,
    String.raw`${CODE}\s*[!=]==?\s*[\w.?]*${READ}`,
    String.raw`\bcase\s+${CODE}`,
    // `switch (error.code)`, `error.code === other.code`, `CODES.has(error.code)`, whatever the codes are
    String.raw`\bswitch\s*\([^()]*\.code\)`,
    String.raw`\.code\s*[!=]==?\s*[A-Za-z_][\w.]*`,
    String.raw`\.(?:includes|has)\([\w.?]+\.code\)`,
  ].join('|'),
  'g',
);
/** `attemptOf(error).outcome === 'busy'`: in this room, only remedy.ts concludes anything from an outcome. */
const CONCLUDES = /\boutcome\s*[!=]==?\s*['"`]\w+/g;

/** What is compared all the same, because it is no code of a failed attempt. */
const EXEMPT: readonly Readonly<{ path: RegExp; branch: RegExp; why: string }>[] = [
  {
    path: /^broker\/src\/upstreams\/session\//,
    branch: /RPC_CODE\./,
    why: 'the code of a JSON-RPC error that a server wrote, where it is read',
  },
  {
    path: /^broker\/src\/upstreams\/wires\/http\/http-request\.ts$/,
    branch: /^\.has\(error\.code\)$/,
    why: 'codes of the system and of undici, from which the outcome is made',
  },
  {
    path: /^broker\/src\/gateway\/policy-cache\.ts$/,
    branch: /'not_found'$/,
    why: 'the store, not a server, says that a workspace is gone',
  },
];

function faultsIn(path: string, text: string): string[] {
  const source = text.replaceAll(/^\s*\/?[/*].*$/gm, '');
  const branches = source.match(BRANCHES) ?? [];
  const forbidden = branches.filter((each) => !EXEMPT.some((to) => to.path.test(path) && to.branch.test(each)));
  const concludes = path.startsWith('broker/src/upstreams/') && path !== REMEDY ? (source.match(CONCLUDES) ?? []) : [];
  return [...forbidden, ...concludes];
}

test('the rule sees each way to decide by the code of an error, and lets the codes of others be', () => {
  const slot = 'broker/src/upstreams/pool/slot.ts';
  for (const text of [
    "if (error.code === 'unavailable') return;",
    "if (toGateError(cause)?.code !== 'cancelled') throw cause;",
    "const isLate = 'timeout' === why.code;",
    "const { code } = failure;\nif (code === 'internal') return;",
    'switch (error.code) {\n  default:\n',
    "switch (code) {\n  case 'throttled':\n",
    'if (error.code === LATE) return;',
    'if (NOT_SENT.has(error.code)) return;',
    "if (attemptOf(error).outcome === 'busy') return;",
  ])
    assert.equal(faultsIn(slot, text).length, 1, text);
  for (const text of [
    "return error instanceof Error && 'code' in error && error.code === 'ENOENT';",
    "if (code !== 'ESRCH' && code !== 'EPERM') throw error;",
    "return typeof code === 'number' ? code : undefined;",
    'return new GateError(error.code, message);',
    'status: STATUS[outcome],',
    "// Not `error.code === 'timeout'`, which says nothing of what was tried.",
  ])
    assert.deepEqual(faultsIn(slot, text), [], text);
  const compared = 'if (said.code === RPC_CODE.headerMismatch) return;';
  assert.deepEqual(faultsIn('broker/src/upstreams/session/modern/modern-edge.ts', compared), []);
  assert.equal(faultsIn(slot, compared).length, 1);
});

test('nothing concludes from the code of an error what may be done about an attempt at a server: remedy.ts says it, of its outcome', () => {
  const files = readSourceFiles().filter(
    ({ path, isTest }) => !isTest && /^broker\/src\/(?:upstreams|gateway)\//.test(path),
  );
  assert.ok(files.some(({ path }) => path === REMEDY));
  assert.deepEqual(
    files.flatMap(({ path, text }) => faultsIn(path, text).map((fault) => `${path}: ${fault}`)),
    [],
  );
});
