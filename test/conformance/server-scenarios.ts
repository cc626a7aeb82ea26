// Runs the server scenarios of one set of requirements on every way, and compares what was said.
import type { Legs } from './legs.ts';
import { failedChecks, type LegOutcome, type ScenarioOutcome } from './outcome.ts';
import { differences, substanceOf, type Substance } from './substance.ts';
import { runServerScenario, scenariosOf, type RequirementSet } from './suites.ts';

/** The scenarios that are about what a server can do. */
const HANDSHAKES = new Set(['server-initialize', 'server-stateless']);

/** `wanted` picks by name. Scenarios run one after the other: some watch for what others would set off. */
export async function* serverScenarios(
  set: RequirementSet,
  legs: Legs,
  wanted: (scenario: string) => boolean,
): AsyncGenerator<ScenarioOutcome> {
  for (const scenario of (await scenariosOf(set, 'server')).filter(wanted)) {
    const key = `${set.name} ${scenario}`;
    const outcomes: LegOutcome[] = [];
    let direct: Substance | undefined;
    for (const [leg, recorder] of legs.recorders) {
      const { checks, output } = await runServerScenario(set, scenario, recorder.urlFor(key));
      const outcome = { leg, checks, output, differences: [] };
      const substance = substanceOf(recorder.exchanges(key), HANDSHAKES.has(scenario));
      outcomes.push(direct === undefined ? outcome : { ...outcome, differences: differences(direct, substance) });
      // What fails directly is nothing to live up to.
      if (leg === 'direct' && failedChecks(outcome).length === 0) direct = substance;
    }
    yield { set: set.name, role: 'server', scenario, upstream: legs.upstream, legs: outcomes };
  }
}
