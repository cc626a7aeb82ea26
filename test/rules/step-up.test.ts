// Every operation that changes something is looked at once for what somebody else could do with it at a desk that was left: it asks anew who is there
// (shared/src/api/sign-in/step-up.ts), or stands here with the reason why it does not. A new one is in neither list, and fails until it is in one.
import assert from 'node:assert/strict';
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Endpoint } from '../../shared/src/api/endpoint.ts';
import { approvalNeedsStepUp, needsStepUp, STEP_UP_NAMES } from '../../shared/src/api/sign-in/step-up.ts';
import { REPOSITORY } from '../step.ts';

const WITHOUT: Readonly<Record<string, readonly string[]>> = {
  'changes nothing that lasts': [
    ...['verifyAudit', 'testRules', 'previewRules', 'planConfiguration', 'testServer', 'testHook', 'forgetRule'],
    'checkIdentityProvider',
    'proveSecretDead',
  ],
  'is itself how somebody shows who they are, or signs out': [
    ...['getReauthenticationOptions', 'reauthenticate', 'changePassword', 'endBrowserSession'],
  ],
  'is what people do all day, about one call or one account of their own': [
    // What it is approved for decides: for a time it is asked, one call it is not.
    ...['approveRequest', 'denyRequest', 'callOwnTool', 'beginAccount', 'setAccountKeys', 'disconnectAccount'],
    'renamePasskey',
  ],
  'takes nothing and gives nothing that rules do not: it is undone as easily': [
    ...['disableServer', 'declineProposal'],
  ],
  'takes up what somebody wrote on the broker’s host, who may have it taken up there': ['reloadConfiguration'],
};

const isEndpoint = (value: unknown): value is Endpoint =>
  typeof value === 'object' && value !== null && 'method' in value && 'path' in value && 'access' in value;

async function allEndpoints(): Promise<Endpoint[]> {
  const files = globSync('shared/src/api/**/*.ts', { cwd: REPOSITORY }).filter((path) => !path.endsWith('.test.ts'));
  const modules = await Promise.all(files.map((path) => import(join(REPOSITORY, path)) as Promise<object>));
  return modules
    .flatMap((module) => Object.values(module).flatMap((group) => Object.values(Object(group))))
    .filter(isEndpoint);
}

test('each operation that changes something asks anew who is there, or says why it need not', async () => {
  const endpoints = await allEndpoints();
  assert.ok(endpoints.length > 100, `${endpoints.length} endpoints were found`);
  const without = Object.values(WITHOUT).flat();
  const changing = endpoints.filter(({ method }) => method !== 'GET');
  assert.deepEqual(
    changing.filter((each) => !needsStepUp(each) && !without.includes(each.name)).map(({ name }) => name),
    [],
    'put it into shared/src/api/sign-in/step-up.ts, or into a list above with the reason',
  );
  assert.deepEqual(
    without.filter((name) => STEP_UP_NAMES.includes(name)),
    [],
    'in both lists',
  );
  const known = new Set(changing.map(({ name }) => name));
  assert.deepEqual(
    without.filter((name) => !known.has(name)),
    [],
    'there is no such operation',
  );
});

test('to approve access, or calls for a time, asks anew, and to approve one call does not', () => {
  assert.ok(approvalNeedsStepUp('access', undefined) && approvalNeedsStepUp('call', 3600));
  assert.ok(!approvalNeedsStepUp('call', undefined));
});
