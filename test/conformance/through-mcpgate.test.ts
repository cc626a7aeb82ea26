// Of each kind of scenario one, on every way: the whole is `npm run conformance`.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clientScenarios } from './client-scenarios.ts';
import { openLegs, LEG_NAMES } from './legs.ts';
import { isLoss, type ScenarioOutcome } from './outcome.ts';
import { tableOf } from './report.ts';
import { serverScenarios } from './server-scenarios.ts';
import { REQUIREMENT_SETS } from './suites.ts';

const SERVER_SCENARIOS: Readonly<Record<string, readonly string[]>> = {
  '2025-11-25': ['tools-call-elicitation', 'resources-subscribe', 'server-session-lifecycle'],
  '2026-07-28': ['server-stateless', 'input-required-result-multi-round', 'http-custom-header-server-validation'],
};
const CLIENT_SCENARIOS: Readonly<Record<string, readonly string[]>> = {
  '2025-11-25': ['elicitation-sep1034-client-defaults'],
  '2026-07-28': [
    'http-custom-headers',
    'auth/scope-step-up',
    'auth/iss-supported-missing',
    'auth/pre-registration',
    'auth/client-credentials-jwt',
    'auth/wif-jwt-bearer',
    'auth/enterprise-managed-authorization',
  ],
};

test(
  'what passes directly passes over /mcp and through serve, and the same is said',
  { timeout: 240_000 },
  async () => {
    await using legs = await openLegs(LEG_NAMES, 'http');
    const outcomes: ScenarioOutcome[] = [];
    for (const set of REQUIREMENT_SETS) {
      const server = SERVER_SCENARIOS[set.name] ?? [];
      const client = CLIENT_SCENARIOS[set.name] ?? [];
      if (server.length + client.length === 0) continue;
      for await (const one of serverScenarios(set, legs, (name) => server.includes(name))) outcomes.push(one);
      for await (const one of clientScenarios(set, legs, (name) => client.includes(name))) outcomes.push(one);
    }
    const wanted = [...Object.values(SERVER_SCENARIOS), ...Object.values(CLIENT_SCENARIOS)].flat();
    assert.deepEqual(outcomes.map(({ scenario }) => scenario).toSorted(), wanted.toSorted());
    const lost = outcomes.filter((outcome) => outcome.legs.some((leg) => isLoss(outcome, leg)));
    assert.deepEqual(lost, [], `${tableOf(outcomes)}\n${legs.logs()}`);
  },
);
