// Runs the scenarios of authorization: the suite is an MCP server with its authorization server, mcpgate alone is the client that logs in there,
// and the AI client in front of mcpgate sends its person to the page that it is shown.
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { openLoopbackEndpoint } from '../loopback-endpoint.ts';
import { LEG_NAMES, type Legs } from '../legs.ts';
import type { LegOutcome, ScenarioOutcome } from '../outcome.ts';
import { runClientScenario, type RequirementSet } from '../suites.ts';
import { planOf } from './auth-plans.ts';
import { openAuthWorld, type AuthWorld } from './auth-world.ts';
import { AS_PLANNED } from './not-passed.ts';

const DRIVER = fileURLToPath(new URL('auth-driver.ts', import.meta.url));
const Told = z.object({ url: z.url(), context: z.record(z.string(), z.unknown()) });

export const isOfAuthorization = (scenario: string): boolean => scenario.startsWith('auth/');

export async function* authScenarios(
  set: RequirementSet,
  legs: Pick<Legs, 'recorders' | 'upstream'>,
  scenarios: readonly string[],
): AsyncGenerator<ScenarioOutcome> {
  if (scenarios.length === 0) return;
  await using world = await openAuthWorld();
  for (const scenario of scenarios) {
    const outcomes: LegOutcome[] = [];
    for (const leg of LEG_NAMES)
      if (leg !== 'direct' && legs.recorders.has(leg)) outcomes.push(await runOnce(world, set, scenario, leg));
    yield { set: set.name, role: 'client', scenario, upstream: legs.upstream, legs: outcomes };
  }
}

async function runOnce(
  world: AuthWorld,
  set: RequirementSet,
  scenario: string,
  leg: 'mcp' | 'serve',
): Promise<LegOutcome> {
  let said = 'the client was not started';
  let isAsPlanned = false;
  const control = await openLoopbackEndpoint(async (_request, response, body) => {
    try {
      const { url, context } = Told.parse(body);
      const { heard, wrong } = await world.run(leg, url, planOf(scenario, context, await issuerOf(url)));
      isAsPlanned = wrong === undefined;
      said = [...heard, ...(wrong === undefined ? [] : [`NOT AS PLANNED: ${wrong}`])].join('\n');
    } catch (error) {
      said = error instanceof Error ? (error.stack ?? error.message) : String(error);
    }
    response.end(said);
  });
  try {
    const env = { CONFORMANCE_CONTROL: control.url };
    const { checks, output } = await runClientScenario(set, scenario, `${process.execPath} ${DRIVER}`, env);
    const planned = [AS_PLANNED, isAsPlanned ? 'SUCCESS' : 'FAILURE'] as const;
    return { leg, checks: new Map([...checks, planned]), output: `${output}\n${said}`, differences: [] };
  } finally {
    await control.close();
  }
}

/** As an administrator looks it up; empty where the server does not say. */
async function issuerOf(url: string): Promise<string> {
  const { origin, pathname } = new URL(url);
  const answer = await fetch(`${origin}/.well-known/oauth-protected-resource${pathname}`);
  if (!answer.ok) return '';
  const { authorization_servers: issuers } = z
    .object({ authorization_servers: z.array(z.string()) })
    .parse(await answer.json());
  return issuers[0] ?? '';
}
