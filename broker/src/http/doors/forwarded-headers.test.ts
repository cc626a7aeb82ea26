// What a reverse proxy says in its headers, read by the door: only from a proxy of ours, and only where nobody else can have said it too.
import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { test } from 'node:test';
import type { AuditEvent } from '../../domain/call-record.ts';
import type { ForwardedUser } from '../../identity/idp/forwarded-people.ts';
import { createForwardedDoor } from './forwarded-door.ts';

type Options = Parameters<typeof createForwardedDoor>[0];

const HEADERS = {
  userHeader: 'x-forwarded-user',
  groupsHeader: 'x-forwarded-groups',
  emailHeader: 'x-forwarded-email',
  workspaceHeader: 'x-forwarded-workspace',
};

/** A door that writes down whom it looked up and what it recorded. Everybody is let in whom it looks up. */
function open(more: Partial<Options> = {}) {
  const told: ForwardedUser[] = [];
  const recorded: AuditEvent[] = [];
  const door = createForwardedDoor({
    from: ['10.0.0.0/8', 'fd00::/8'],
    ...HEADERS,
    people: {
      find(user: ForwardedUser) {
        told.push(user);
        return Promise.resolve({ kind: 'ok' });
      },
    } as unknown as Options['people'],
    audit: {
      refused(event) {
        recorded.push(event);
        return Promise.resolve();
      },
    },
    ...more,
  });
  const comes = (rawHeaders: readonly string[], peer = '10.1.2.3') => {
    const raw = { rawHeaders, socket: { remoteAddress: peer } } as unknown as IncomingMessage;
    return door.enter({ raw, ip: '192.0.2.7' }, 'pages');
  };
  const reasons = () => recorded.map(({ data }) => data['reason']);
  return { told, recorded, comes, reasons };
}

const PERSON = ['X-Forwarded-User', 'ada'];
const ALL = [
  ...PERSON,
  ...['X-Forwarded-Groups', 'eng, ops'],
  ...['X-Forwarded-Email', 'ada@example.com'],
  ...['X-Forwarded-Workspace', 'team-a'],
];

test('one of each is read, however it is written', async () => {
  const { told, comes } = open();
  await comes(ALL);
  await comes(ALL.map((text, index) => (index % 2 === 0 ? text.toUpperCase() : ` ${text} `)));
  const wanted = { name: 'ada', groups: ['eng', 'ops'], email: 'ada@example.com', workspaces: ['team-a'] };
  assert.deepEqual(told, [wanted, wanted]);
});

test('each of them that comes twice is refused and recorded, whatever it says and wherever it stands', async () => {
  for (const [index, name] of Object.values(HEADERS).entries()) {
    const value = ALL[index * 2 + 1] ?? '';
    for (const other of [value, 'default', 'root', '', ' ']) {
      for (const again of [name, name.toUpperCase()]) {
        const { told, comes, reasons } = open();
        for (const headers of [
          [...ALL, again, other],
          [again, other, ...ALL],
        ])
          await assert.rejects(comes(headers), { code: 'forbidden', message: /came twice/ }, `${again}: ${other}`);
        assert.deepEqual([told, reasons()], [[], ['repeated_header', 'repeated_header']], `${again}: ${other}`);
      }
    }
  }
});

test('a header that nobody asked for may come as often as it likes', async () => {
  const { told, comes } = open({ groupsHeader: undefined, emailHeader: undefined, workspaceHeader: undefined });
  await comes([...ALL, ...ALL.slice(2), 'cookie', 'a', 'cookie', 'b']);
  assert.deepEqual(told, [{ name: 'ada', groups: undefined, email: undefined, workspaces: [] }]);
});

test('from anybody else it is a forgery', async () => {
  for (const peer of ['192.0.2.1', '11.0.0.1', '9.255.255.255', '127.0.0.1', '::1', 'fe00::1', '', undefined]) {
    const { told, recorded, comes } = open({ ...(peer === undefined && { from: [] }) });
    await assert.rejects(comes(ALL, peer), { code: 'forbidden', message: /from the reverse proxy alone/ }, peer);
    assert.deepEqual(told, []);
    assert.deepEqual(recorded, [
      {
        workspace_id: 'default',
        type: 'auth.rejected',
        actor: 'anonymous',
        subject: null,
        address: '192.0.2.7',
        data: { door: 'pages', reason: 'untrusted_peer' },
      },
    ]);
  }
  for (const peer of ['::ffff:10.1.2.3', 'fd00::1']) assert.equal((await open().comes(ALL, peer)) !== undefined, true);
});

test('without a name nobody is meant, and nothing is recorded', async () => {
  const { told, recorded, comes } = open();
  for (const headers of [[], ALL.slice(2), ['X-Forwarded-User', ''], ['X-Forwarded-User', ' \t'], ['X-Forwarded-User']])
    assert.equal(await comes(headers), undefined);
  assert.equal(await comes(ALL.slice(2), '192.0.2.1'), undefined, 'nor is it a forgery');
  assert.deepEqual([told, recorded], [[], []]);
});

test('a name is one name of plain characters', async () => {
  const { told, comes, reasons } = open();
  for (const name of ['ada,root', 'ada root', 'a\u00e4da', 'ada\u0000', 'ada\u007f', 'x'.repeat(256)])
    await assert.rejects(comes(['x-forwarded-user', name]), { code: 'forbidden', message: /no single name/ }, name);
  assert.deepEqual(new Set(reasons()), new Set(['not_a_name']));
  for (const name of ['!', '+', '-', '~', 'CORP\\ada', 'x'.repeat(255)]) await comes(['x-forwarded-user', name]);
  assert.deepEqual(
    told.map(({ name }) => name.length),
    [1, 1, 1, 1, 8, 255],
  );
});

test('no header for groups is no group, and one that is too long is refused', async () => {
  const { told, comes, reasons } = open();
  await comes(PERSON);
  await comes([...PERSON, 'x-forwarded-groups', 'g'.repeat(8_192)]);
  assert.deepEqual(told[0]?.groups, ['']);
  assert.equal(told[1]?.groups?.[0]?.length, 8_192);
  const tooLong = (name: string) => ({ code: 'forbidden', message: `${name} is longer than is read` });
  await assert.rejects(comes([...PERSON, 'x-forwarded-groups', 'g'.repeat(8_193)]), tooLong('x-forwarded-groups'));
  await assert.rejects(
    comes([...PERSON, 'x-forwarded-workspace', 'w'.repeat(8_193)]),
    tooLong('x-forwarded-workspace'),
  );
  assert.deepEqual(reasons(), ['too_many_groups', 'workspace']);
  await comes([...PERSON, 'x-forwarded-workspace', `${'w'.repeat(8_188)},, a`]);
  assert.deepEqual(
    told[2]?.workspaces.map((each) => each.length),
    [8_188, 1],
  );
});

test('a person who is found and may not come in is recorded in their own workspace', async () => {
  const refusal = { kind: 'refused', reason: 'elsewhere', message: 'no', workspaceId: 'team-a', calledName: 'ada' };
  const { recorded, comes } = open({
    people: { find: () => Promise.resolve(refusal) } as unknown as Options['people'],
  });
  await assert.rejects(comes(ALL), { code: 'forbidden', message: 'no' });
  assert.equal(recorded[0]?.workspace_id, 'team-a');
  assert.deepEqual(recorded[0].data, { door: 'pages', reason: 'elsewhere', called_name: 'ada' });
});
