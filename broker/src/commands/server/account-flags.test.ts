import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { administration } from '../fixtures/administration.ts';

const admin = administration(async (broker) => {
  await broker.json(['secret', 'set', 'jira-client'], { stdin: 'v4lue-of-it\n' });
});
const URL_OF_JIRA = 'https://jira.example.com/mcp';

describe('the account that a server is used with', () => {
  test('is none unless said, and made by OAuth where said so', async () => {
    await admin.broker.json(['server', 'add', 'plain', URL_OF_JIRA]);
    const plain = Object(await admin.broker.json(['server', 'show', 'plain']));
    assert.deepEqual([plain.credential, plain.account, plain.isolation], ['shared', null, 'shared']);

    const words = ['server', 'set', 'plain', '--credential', 'personal', '--oauth', '--scope', 'read', 'write,admin'];
    const client = ['--client-id', 'me', '--client-secret-ref', 'jira-client', '--issuer', 'https://auth.example.com'];
    const set = Object(await admin.broker.json([...words, ...client]));
    assert.deepEqual(set.account, {
      kind: 'oauth',
      scopes: ['read', 'write', 'admin'],
      client_id: 'me',
      client_secret: '${secret:jira-client}',
      issuer: 'https://auth.example.com',
    });
    assert.deepEqual([set.credential, set.isolation], ['personal', 'per-user'], 'a connection for each person');
    assert.deepEqual(set.secrets, ['jira-client']);
    const { stdout } = await admin.broker.run(['server', 'show', 'plain']);
    assert.match(stdout, /account {4}personal, OAuth, scopes read write admin, client me, at https:\/\/auth/);
  });

  test('is made of keys that the record names, in the place where the server wants them', async () => {
    const words = ['server', 'add', 'jira', '--credential', 'personal', '--key', 'TOKEN=Your Jira token'];
    const rest = ['--open-key', 'EMAIL=Your e-mail', '--env', 'T=${account:TOKEN}', 'E=${account:EMAIL}', '--', 'node'];
    const added = Object(await admin.broker.json([...words, ...rest]));
    assert.deepEqual(added.account, {
      kind: 'keys',
      fields: [
        { name: 'TOKEN', label: 'Your Jira token', secret: true },
        { name: 'EMAIL', label: 'Your e-mail', secret: false },
      ],
    });
    assert.deepEqual([added.secrets, added.isolation], [[], 'per-user']);
  });

  test('fits the record, or is refused with the name of what does not', async () => {
    const bearer = ['--header', 'Authorization=Bearer ${secret:jira-client}'];
    const token = ['--header', 'X-Token=${account:TOKEN}'];
    const refusals: [words: string[], said: RegExp][] = [
      [[URL_OF_JIRA, ...token], /\$\{account:TOKEN\} is no key of its account/],
      [[URL_OF_JIRA, '--credential', 'personal'], /--oauth, or --key NAME=LABEL/],
      [[URL_OF_JIRA, '--credential', 'personal', '--key', 'TOKEN=it'], /nobody would need the key TOKEN/],
      [[URL_OF_JIRA, '--key', 'TOKEN=it', ...token], /keys that everybody uses are secrets/],
      [[URL_OF_JIRA, '--credential', 'personal', '--key', 'to-ken=it', ...token], /1 to 64 of A-Z, 0-9 and _/],
      [[URL_OF_JIRA, '--oauth', ...token], /\$\{account:TOKEN\} is no key/],
      [[URL_OF_JIRA, '--oauth', ...bearer], /the header Authorization is mcpgate's to set/],
      [['https://me:you@jira.example.com/mcp', '--oauth'], /no user or password may stand in the URL/],
      [['--oauth', '--', 'node'], /OAuth is for servers at a URL/],
      [[URL_OF_JIRA, '--oauth', '--client-secret-ref', 'jira-client'], /a client secret belongs to a client/],
      [[URL_OF_JIRA, '--oauth', '--client-id', 'me', '--client-secret-ref', 'jira-client'], /name it with --issuer/],
      [[URL_OF_JIRA, '--scope', 'read'], /--scope says how an account by OAuth is made: give it along with --oauth/],
      [[URL_OF_JIRA, '--oauth', '--key', 'TOKEN=it'], /made by --oauth or of keys, not both/],
      [[URL_OF_JIRA, '--credential', 'mine'], /"mine" is neither shared nor personal/],
    ];
    for (const [words, said] of refusals) {
      const { code, stderr } = await admin.failure(['server', 'add', 'odd', ...words]);
      assert.equal(code, 2, stderr);
      assert.match(stderr, said);
    }
    const absent = [URL_OF_JIRA, '--oauth', '--client-id', 'me', '--client-secret-ref', 'absent'];
    const { code, stderr } = await admin.failure(['server', 'add', 'odd', ...absent, '--issuer', 'https://a.example']);
    assert.equal(code, 1);
    assert.match(stderr, /no secret named absent/);
  });

  test('goes with nothing that an import brings', async () => {
    const entry = { mcpServers: { odd: { command: 'node', env: { T: '${account:TOKEN}' } } } };
    const { code, stderr } = await admin.failure(['server', 'import', '-'], JSON.stringify(entry));
    assert.notEqual(code, 0);
    assert.match(stderr, /\$\{account:TOKEN\} is no key/);
  });
});
