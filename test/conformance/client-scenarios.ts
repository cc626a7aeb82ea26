// Runs the client scenarios of one set: the suite is the server. Directly an official client talks to it; through mcpgate the same client
// talks to mcpgate, which has the suite as an upstream: there mcpgate is the client that is judged. Where the suite is an authorization server
// too, mcpgate alone is: auth/auth-scenarios.ts.
import { fileURLToPath } from 'node:url';
import { authScenarios, isOfAuthorization } from './auth/auth-scenarios.ts';
import { canonicalText } from './canonical-text.ts';
import { startClientControl } from './client-control.ts';
import { whyNotRun } from './client-flows.ts';
import { LEG_NAMES, type Legs } from './legs.ts';
import { failedChecks, type LegOutcome, type ScenarioOutcome } from './outcome.ts';
import { contrast } from './substance.ts';
import { runClientScenario, scenariosOf, type RequirementSet } from './suites.ts';

/** Besides the suite's checks: that the client came to the end of what it does. */
const FINISHED = 'client-finished';

const DRIVER = fileURLToPath(new URL('client-driver.ts', import.meta.url));

export async function* clientScenarios(
  set: RequirementSet,
  legs: Legs,
  wanted: (scenario: string) => boolean,
): AsyncGenerator<ScenarioOutcome> {
  const scenarios = (await scenariosOf(set, 'client')).filter(wanted);
  for (const scenario of scenarios.filter((each) => !isOfAuthorization(each))) {
    const about = { set: set.name, role: 'client', scenario, upstream: legs.upstream } as const;
    const notRun = whyNotRun(scenario);
    if (notRun !== undefined) {
      yield { ...about, legs: [], notRun };
      continue;
    }
    const outcomes: LegOutcome[] = [];
    let direct: string | undefined;
    for (const leg of LEG_NAMES.filter((name) => legs.recorders.has(name))) {
      await using control = await startClientControl(legs.clientTarget, leg);
      const env = { CONFORMANCE_CONTROL: control.url };
      const { checks, output } = await runClientScenario(set, scenario, `${process.execPath} ${DRIVER}`, env);
      // Each run of a scenario has a server on a port of its own, which some name in what they say.
      const heard = canonicalText(control.heard() ?? 'nothing').replaceAll(/localhost:\d+/g, 'localhost');
      const finished = [FINISHED, control.heard() === undefined ? 'FAILURE' : 'SUCCESS'] as const;
      const outcome = { leg, checks: new Map([...checks, finished]), output, differences: [] };
      const differs = direct !== undefined && direct !== heard;
      outcomes.push(
        differs ? { ...outcome, differences: [`the client heard: ${contrast(direct ?? '', heard)}`] } : outcome,
      );
      if (leg === 'direct' && failedChecks(outcome).length === 0) direct = heard;
    }
    yield { ...about, legs: outcomes };
  }
  yield* authScenarios(set, legs, scenarios.filter(isOfAuthorization));
}
