import assert from 'node:assert/strict';
import { test } from 'node:test';
import { adminTokensApi } from 'mcpgate-shared/api/admin-tokens';
import { auditApi } from 'mcpgate-shared/api/audit';
import { loginsApi } from 'mcpgate-shared/api/devices';
import { bundlesApi } from 'mcpgate-shared/api/bundles/bundles';
import type { Endpoint } from 'mcpgate-shared/api/endpoint';
import { grantsApi } from 'mcpgate-shared/api/grants';
import { groupsApi } from 'mcpgate-shared/api/groups';
import { requestsApi } from 'mcpgate-shared/api/rules/requests';
import { rulesApi } from 'mcpgate-shared/api/rules';
import { previewsApi } from 'mcpgate-shared/api/rules/previews';
import { secretsApi } from 'mcpgate-shared/api/secrets';
import { serversApi } from 'mcpgate-shared/api/servers';
import { usersApi } from 'mcpgate-shared/api/users';
import { checkTyped } from './typed-input.ts';

const TOO_LONG = 4000 * 86_400;
const server = (transport: object): object => ({ body: { name: 'web', transport } });

test('an input that does not fit is named by the flag that was typed', () => {
  const cases: readonly (readonly [Endpoint, object, RegExp])[] = [
    [grantsApi.issue, { body: { label: 'a b', servers: ['x'] } }, /^--label: a label is/],
    [grantsApi.issue, { body: { label: 'a', servers: ['x', 'Y!'] } }, /^--server: a server name is/],
    [
      grantsApi.issue,
      { body: { label: 'a', servers: ['x'], expires_in_s: TOO_LONG } },
      /^--expires: at most 10 years$/,
    ],
    [
      grantsApi.issue,
      { body: { label: 'a', servers: ['x'], allow_from: ['here'] } },
      /^--allow-from: write an address/,
    ],
    [adminTokensApi.issue, { body: { label: 'a', role: 'boss' } }, /^--role: /],
    [auditApi.calls, { query: { limit: 20_000 } }, /^--limit: /],
    [auditApi.calls, { query: { tool: 'x'.repeat(301) } }, /^--tool: /],
    [loginsApi.approve, { body: { user_code: 'x', user: '' } }, /^CODE: .*; --as: /],
    [groupsApi.add, { body: { name: 'a b', users: [] } }, /^NAME: a group name is/],
    [
      rulesApi.add,
      { body: { effect: 'allow', who: ['bob', 'everybody', 'usr:bob', '!'], what: ['*'] } },
      /^--who: "bob": did you mean user:bob or group:bob\? WHO is \*.*; --who: "everybody": did you mean \*\? .*; --who: "usr:bob": did you mean user:bob\? /,
    ],
    [rulesApi.add, { body: { effect: 'allow', who: ['!'], what: ['*'] } }, /^--who: "!" is none: WHO is/],
    [
      rulesApi.add,
      { body: { effect: 'allow', who: ['*'], what: ['*'], note: 'v'.repeat(600) } },
      /^--note: at most 500 characters$/,
    ],
    [
      rulesApi.test,
      { body: { who: 'user:a', what: 'b', at: 'now' } },
      /^--at: write a time in full with its zone, as 2026/,
    ],
    [auditApi.calls, { query: { limit: 0 } }, /^--limit: at least 1$/],
    [adminTokensApi.issue, { body: { label: 'a', role: 'boss' } }, /^--role: it must be admin, operator, .* or /],
    [
      previewsApi.preview,
      { body: { change: { kind: 'add', rules: [{ effect: 'deny', who: ['*'], what: ['*'], when: '' }] }, since: '1' } },
      /^--when: it is empty/,
    ],
    [bundlesApi.add, { body: { name: 'a b', tools: [{ tool: 'a__b' }] } }, /^NAME: a bundle name is 1 to 24/],
    [
      rulesApi.add,
      { body: { effect: 'ask', who: ['*'], what: ['*'], approvers: ['ada'] } },
      /^--approver: "ada": did you mean user:ada or group:ada\? an approver is user:NAME/,
    ],
    [bundlesApi.add, { body: { name: 'b', tools: [{ tool: 'a__b', as: 'ä' }] } }, /^--tool: the name of a tool in/],
    [bundlesApi.set, { params: { name: 'b' }, body: { tools: [{ tool: 'a' }] } }, /^--tool: a tool is SERVER__/],
    [requestsApi.approve, { params: { id: 'q_a' }, body: { for_s: TOO_LONG } }, /^--for: at most 366 days$/],
    [requestsApi.approve, { params: { id: 'q_a' }, body: { for_s: 1 } }, /^--for: at least a minute$/],
    [secretsApi.set, { params: { name: 'a b' }, body: { value: 'x' } }, /^NAME: a secret name is/],
    [
      secretsApi.set,
      { params: { name: 'a' }, body: { value: 'x'.repeat(65_537) } },
      /^the value: it is longer than 64 KiB$/,
    ],
    [
      secretsApi.set,
      { params: { name: 'a' }, body: { from: 'env:X', keep_for_s: 99_999_999, refresh_s: 1 } },
      /^--keep-for: at most 30 days; --refresh: at least 10 s$/,
    ],
    [serversApi.rename, { params: { name: 'a' }, body: { to: 'a b' } }, /^NEW: a server name is/],
    [usersApi.add, { body: { name: 'ada', email: 'nobody', groups: ['!'] } }, /^--email: .*; --group: a group name is/],
    [serversApi.add, server({ kind: 'stdio', command: 'x', env: { KEY: 'v'.repeat(30_000) } }), /^--env KEY: /],
    [
      serversApi.add,
      server({ kind: 'http', url: 'https://x', headers: { Key: 'v'.repeat(30_000) } }),
      /^--header Key: /,
    ],
    [
      serversApi.add,
      server({ kind: 'stdio', command: 'x', args: ['a', 'v'.repeat(30_000)] }),
      /^argument 2 of the command: /,
    ],
    [
      serversApi.add,
      server({ kind: 'stdio', command: 'x', limits: { memory: '1KiB' } }),
      /^--limit memory: write a size of 64MiB or more/,
    ],
  ];
  for (const [endpoint, input, says] of cases) {
    assert.throws(
      () => checkTyped(endpoint, input),
      (error: Error) => {
        assert.match(error.message, says);
        assert.doesNotMatch(error.message, /[a-z]_[a-z]|transport|vvv/);
        return true;
      },
    );
  }
});

test('an input that fits is sent', () => {
  checkTyped(grantsApi.issue, { body: { label: 'a', servers: ['x'], expires_in_s: 60, allow_from: ['10.0.0.0/8'] } });
  checkTyped(auditApi.calls, { query: { since: undefined, limit: 5 } });
  checkTyped(grantsApi.list, {});
});
