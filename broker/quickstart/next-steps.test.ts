import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nextSteps, type Situation } from './next-steps.ts';

const first: Situation = {
  url: 'http://127.0.0.1:7717',
  dataDir: '/srv/mcpgate/mcpgate-data',
  cwd: '/srv/mcpgate',
  isSetUp: false,
  isOpen: true,
  lacksKeychain: false,
};

test('the first start names the set-up link, the login and the rule that lets everyone in', () => {
  const text = nextSteps(first);
  assert.match(text, /set-up link above/);
  assert.match(text, /^ {2}npx mcpgate login http:\/\/127\.0\.0\.1:7717$/m);
  assert.match(text, /rule list +one rule lets everyone in/);
  assert.doesNotMatch(text, /--data/);
});

test('a data folder of one’s own is named by each command that needs it, as one word of a shell', () => {
  const text = nextSteps({ ...first, dataDir: "/srv/it's here/data" });
  for (const command of ['audit tail', 'rule list'])
    assert.ok(text.includes(`npx mcpgate-broker ${command} --data '/srv/it'\\''s here/data'`), text);
});

test('nothing is said of a rule that is gone, nor of a set-up that is done', () => {
  const text = nextSteps({ ...first, isSetUp: true, isOpen: false });
  assert.doesNotMatch(text, /lets everyone in|set-up link/);
});

test('where there is no keychain the login line works as it stands', () => {
  assert.match(nextSteps({ ...first, lacksKeychain: true }), /^ {2}MCPGATE_TOKEN_STORE=file npx mcpgate login http/m);
});
