// mcpgate's own methods (shared/src/mcp/own-methods.ts) have one name at both ends: what a command sends, the broker answers.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { OWN_ANSWERERS } from '../../broker/src/gateway/edges/legacy/own-answerers.ts';
import { REQUESTS } from '../../broker/src/gateway/edges/methods.ts';
import { OWN_METHODS, OWN_PARAMS, isOwnMethod } from '../../shared/src/mcp/own-methods.ts';
import { REPOSITORY } from '../step.ts';
import { readSourceFiles } from './source-files.ts';

const HOME = 'shared/src/mcp/own-methods.ts';
/** `'mcpgate/session'`. Members of `_meta` are no methods, and neither is a `user-agent`. */
const WRITTEN = /['"`]mcpgate\/(?!decision\b|error\b)[a-z][\w/]*['"`]/g;

const sources = readSourceFiles().filter(({ isTest }) => !isTest);
const withoutComments = (text: string): string => text.replaceAll(/^\s*\/?[/*].*$/gm, '');

test('the rule sees a method that is written out', () => {
  assert.equal("session.request('mcpgate/session', {});".match(WRITTEN)?.length, 1);
  assert.equal("'user-agent': `mcpgate/${VERSION}`, 'mcpgate/decision'".match(WRITTEN), null);
});

test('no method of mcpgate’s own is written out beside the table, because the other end would not learn of a change', () => {
  const written = sources
    .filter(({ path }) => path !== HOME)
    .flatMap(({ path, text }) => (withoutComments(text).match(WRITTEN) ?? []).map((each) => `${path}: ${each}`));
  assert.deepEqual(written, []);
});

test('a command sends each method of mcpgate’s own, and the broker admits each with its params and answers it', () => {
  const protocol = readFileSync(`${REPOSITORY}docs/protocol.md`, 'utf8');
  for (const [name, method] of Object.entries(OWN_METHODS)) {
    assert.ok(isOwnMethod(method));
    const isSent = sources.some(({ path, text }) => path.startsWith('cli/') && text.includes(`OWN_METHODS.${name}`));
    assert.ok(isSent, `no command sends ${method}`);
    const admitted = REQUESTS.get(method);
    assert.deepEqual([admitted?.way, admitted?.generation], ['here', 'legacy'], method);
    for (const member of ['_meta', ...OWN_PARAMS[method]])
      assert.ok(admitted?.params.has(member), `${method}: ${member}`);
    assert.ok(OWN_ANSWERERS.has(method), `the broker does not answer ${method}`);
    assert.ok(protocol.includes(`\`${method}\``), `docs/protocol.md does not have ${method}`);
  }
  const own = [...REQUESTS.keys(), ...OWN_ANSWERERS.keys()].filter(isOwnMethod);
  assert.deepEqual(new Set(own), new Set(Object.values(OWN_METHODS)));
});
