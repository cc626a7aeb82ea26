// Secrets of the environment: those that the configuration allows, and none that configures the broker.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { createEnvSource } from './env-source.ts';

const ENV = { GITHUB_TOKEN: 'ghp_one', MCPGATE_SECRET_A: 'a', DATABASE_URL: 'postgres://u:p@h/d', EMPTY: '' };

function read(
  name: string,
  workspaceId = 'default',
  env: readonly string[] = ['GITHUB_TOKEN', 'MCPGATE_SECRET_*', 'EMPTY', 'GONE'],
) {
  const source = createEnvSource({ env, ownVariables: new Set(['DATABASE_URL', 'MCPGATE_DATA']) }, ENV);
  return source.read({ workspaceId, text: name });
}

it('a variable that the configuration names is read, by its name or its beginning', async () => {
  assert.equal(await read('GITHUB_TOKEN'), 'ghp_one');
  assert.equal(await read('MCPGATE_SECRET_A'), 'a');
});

it('no other variable is read, none that configures the broker even where all are allowed, and none for other workspaces', async () => {
  await assert.rejects(read('GITHUB_TOKEN', 'default', ['GITHUB']), {
    code: 'forbidden',
    message: /sources\.env .* GITHUB_TOKEN/,
  });
  await assert.rejects(read('DATABASE_URL', 'default', ['*']), {
    code: 'forbidden',
    message: /configures the broker itself/,
  });
  await assert.rejects(read('GITHUB_TOKEN', 'team-b', ['*']), {
    code: 'forbidden',
    message: /workspace default alone/,
  });
  await assert.rejects(read('__proto__', 'default', ['*']), {
    code: 'unavailable',
    message: /not in the broker’s environment/,
  });
  await assert.rejects(read('A B', 'default', ['*']), { code: 'usage' });
});

it('one that is missing or empty is told, with what to do', async () => {
  await assert.rejects(read('GONE'), {
    code: 'unavailable',
    message: /GONE is not in the broker’s environment: set it there, and start the broker again/,
  });
  await assert.rejects(read('EMPTY'), { code: 'unavailable', message: /EMPTY is empty/ });
});
