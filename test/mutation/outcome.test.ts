import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { readOutcome } from './outcome.ts';

const SOURCE = 'const a = 1;\nif (a < 2) run();\n';

test('what was noticed is counted, and what was not is named, unless the list says why nobody can', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'mcpgate-outcome-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const report = join(folder, 'mutants.json');
  const mutant = (status: string, replacement: string, column: number) => ({
    id: '1',
    mutatorName: 'EqualityOperator',
    replacement,
    status,
    location: { start: { line: 2, column }, end: { line: 2, column: 10 } },
  });
  const mutants = [
    mutant('Killed', 'false', 5),
    mutant('Timeout', 'true', 5),
    mutant('Survived', 'a <= 2', 5),
    mutant('NoCoverage', '{}', 12),
    mutant('Ignored', 'x', 5),
    mutant('RuntimeError', 'y', 5),
  ];
  writeFileSync(report, JSON.stringify({ files: { 'a.ts': { language: 'typescript', source: SOURCE, mutants } } }));
  const listed = { file: 'a.ts', source: 'a < 2) run();', becomes: 'a <= 2', why: 'a is 1' };
  const gone = { file: 'a.ts', source: 'a < 3) run();', becomes: 'a <= 3', why: 'a was 1' };
  const elsewhere = { ...gone, file: 'b.ts' };
  const { unnoticed, unexplained, outdated, ...counts } = readOutcome(report, [listed, gone, elsewhere]);
  assert.deepEqual(counts, { mutants: 4, noticed: 2, score: 50 });
  assert.equal(unnoticed.length, 2);
  assert.deepEqual(unexplained, [{ file: 'a.ts', line: 2, source: 'run();', becomes: '{}' }]);
  assert.deepEqual(outdated, [gone]);
});
