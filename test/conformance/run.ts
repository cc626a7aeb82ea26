// `npm run conformance`: the official suites on every way to the same server. Exits 1 where something works directly and not through
// mcpgate, or does not even work directly.
import { parseArgs } from 'node:util';
import { LEG_NAMES, openLegs, UPSTREAM_KINDS } from './legs.ts';
import { isLoss, verdictOf, type ScenarioOutcome } from './outcome.ts';
import { jsonOf, LEGEND, tableOf } from './report.ts';
import { clientScenarios } from './client-scenarios.ts';
import { serverScenarios } from './server-scenarios.ts';
import { REQUIREMENT_SETS } from './suites.ts';

const ROLES = ['server', 'client'] as const;
const SCENARIOS = { server: serverScenarios, client: clientScenarios };

const USAGE = `npm run conformance -- [options]
  --set NAME        ${REQUIREMENT_SETS.map(({ name }) => name).join(' | ')}; all unless given
  --role ROLE       server | client: who is judged; both unless given
  --leg NAME        ${LEG_NAMES.join(' | ')}; all unless given; the direct one always runs
  --scenario TEXT   only scenarios whose name holds this
  --upstream KIND   ${UPSTREAM_KINDS.join(' | ')}: what mcpgate has behind it
  --json            one JSON document instead of the table
  --logs            what mcpgate’s processes said, on stderr`;

const { values } = parseArgs({
  options: {
    set: { type: 'string', multiple: true },
    role: { type: 'string' },
    leg: { type: 'string', multiple: true },
    scenario: { type: 'string', default: '' },
    upstream: { type: 'string', default: 'http' },
    json: { type: 'boolean', default: false },
    logs: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

async function run(): Promise<number> {
  if (values.help) return print(USAGE, 0);
  const sets = REQUIREMENT_SETS.filter(({ name }) => values.set?.includes(name) ?? true);
  const legNames = LEG_NAMES.filter((name) => values.leg?.includes(name) ?? true);
  const roles = ROLES.filter((role) => values.role === undefined || values.role === role);
  const upstream = UPSTREAM_KINDS.find((kind) => kind === values.upstream);
  if (sets.length === 0 || legNames.length === 0 || roles.length === 0 || upstream === undefined)
    return print(USAGE, 2);
  const outcomes: ScenarioOutcome[] = [];
  await using legs = await openLegs(legNames, upstream);
  for (const set of sets)
    for (const role of roles)
      for await (const outcome of SCENARIOS[role](set, legs, (name) => name.includes(values.scenario))) {
        outcomes.push(outcome);
        if (process.stderr.isTTY) process.stderr.write(`\r${outcome.set} ${outcome.scenario}\x1b[K`);
      }
  const losses = outcomes.flatMap((outcome) => outcome.legs.filter((leg) => isLoss(outcome, leg)));
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  if (values.logs) process.stderr.write(`${legs.logs()}\n`);
  const broken = outcomes.filter((outcome) =>
    outcome.legs.some((leg) => leg.leg === 'direct' && verdictOf(outcome, leg) === 'failed'),
  );
  const summary = `${outcomes.length} scenarios, ${broken.length} fail directly, ${losses.length} lost on a way through mcpgate`;
  return print(
    values.json ? jsonOf(outcomes) : `${tableOf(outcomes)}\n\n${LEGEND}\n${summary}`,
    losses.length + broken.length > 0 ? 1 : 0,
  );
}

function print(text: string, code: number): number {
  process.stdout.write(`${text}\n`);
  return code;
}

process.exitCode = await run();
