// `npm run mutate [-- [--fresh] [AREA…]]`: breaks sources on purpose, one small change at a time, and shows which changes no test notices.
import { parseArgs } from 'node:util';
import { AREAS } from './areas.ts';
import { EQUIVALENTS } from './equivalents.ts';
import { runStryker } from './run-stryker.ts';

const LEAST_SCORE = 85;

const { values, positionals } = parseArgs({ options: { fresh: { type: 'boolean' } }, allowPositionals: true });
const names = positionals.length === 0 ? Object.keys(AREAS) : positionals;
const write = (text: string) => void process.stdout.write(`${text}\n`);

const unknown = names.filter((name) => AREAS[name] === undefined);
if (unknown.length > 0) {
  write(`no such area: ${unknown.join(', ')}; there are ${Object.keys(AREAS).join(', ')}`);
  process.exit(2);
}

for (const name of names) {
  const area = AREAS[name];
  if (area === undefined) continue;
  const fresh = values.fresh ?? false;
  const outcome = await runStryker(name, area, { fresh, equivalents: EQUIVALENTS });
  if (outcome === undefined || outcome.score < LEAST_SCORE) process.exitCode = 1;
  if (outcome === undefined) {
    write(`✗ ${name}: its mutants could not be tried`);
    continue;
  }
  const { mutants, noticed, score, unnoticed, unexplained, outdated } = outcome;
  const listed = unnoticed.length - unexplained.length;
  for (const { file, line, source, becomes } of unexplained)
    write(`  ${file}:${line}  ${source.slice(0, 80)}  →  ${becomes.replaceAll(/\s+/g, ' ').slice(0, 60)}`);
  for (const { file, source } of outdated)
    write(`  ${file}: on the list of equivalents, and noticed or gone: ${source}`);
  write(
    `${score < LEAST_SCORE ? '✗' : '✓'} ${name.padEnd(16)} ${mutants} mutants, ${noticed} noticed, ${listed} equivalent, ${unexplained.length} not noticed: ${score.toFixed(1)} %`,
  );
}
