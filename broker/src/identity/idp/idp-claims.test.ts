// What is made of the claims of an IdP: groups that are missing, many or strange, and whose domain it is.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { toUserName } from '../registers/user-names.ts';
import { readClaims } from './idp-claims.ts';

const SETTINGS: Parameters<typeof readClaims>[1] = {
  issuer: 'https://idp.example',
  label: 'Corp ID',
  nameClaim: 'preferred_username',
  emailClaim: 'email',
  groupsClaim: 'groups',
  groupMapping: undefined,
  roleMapping: undefined,
  allowedDomains: [],
  trustEmail: false,
};
const CLAIMS = { sub: 's', preferred_username: 'ada', email: 'ada@corp.example', email_verified: true };

const read = (more: Record<string, unknown>, settings: Partial<typeof SETTINGS> = {}) =>
  readClaims({ ...CLAIMS, ...more }, { ...SETTINGS, ...settings });
const groupsOf = (more: Record<string, unknown>, settings: Partial<typeof SETTINGS> = {}) => {
  const answer = read(more, settings);
  return answer.kind === 'ok' ? answer.person.groups : `${answer.reason}: ${answer.message}`;
};

suite('claims of an IdP', () => {
  test('groups: as they are called, mapped, nested, one alone, none; what does not fit is left out', () => {
    assert.deepEqual(groupsOf({ groups: ['Data', 'data', 'Not A Name', 7, null, '', 'x'.repeat(300)] }), ['data']);
    const groupMapping = { 'Not A Name': 'named', Data: 'data' };
    assert.deepEqual(groupsOf({ groups: ['Not A Name', 'Data', 'constructor', 'other'] }, { groupMapping }), [
      'data',
      'named',
    ]);
    assert.deepEqual(groupsOf({ realm_access: { roles: ['a'] } }, { groupsClaim: 'realm_access.roles' }), ['a']);
    assert.deepEqual(groupsOf({ 'https://x.example/groups': 'a' }, { groupsClaim: 'https://x.example/groups' }), ['a']);
    assert.deepEqual(groupsOf({}), []);
    assert.deepEqual(groupsOf({ groups: null }), []);
    assert.equal(groupsOf({ groups: ['a'] }, { groupsClaim: undefined }), undefined, 'managed here');
  });

  test('more groups than a token holds, than are read, or in an unknown form: refused with what to do', () => {
    assert.match(
      String(groupsOf({ _claim_names: { groups: 'src1' } })),
      /^groups: You are in more groups than Corp ID/,
    );
    const many = Array.from({ length: 2001 }, (_, index) => `g${index}`);
    assert.match(String(groupsOf({ groups: many })), /^groups: Corp ID sends 2001 groups/);
    for (const groups of [{ a: 1 }, 7, true]) assert.match(String(groupsOf({ groups })), /^groups: .* form that/);
  });

  test('the highest role of the mapped groups counts, and nobody keeps a role that no group gives', () => {
    const roleMapping = { ops: 'operator', boss: 'admin' } as const;
    const roleOf = (groups: unknown) => {
      const answer = read({ groups }, { roleMapping });
      return answer.kind === 'ok' ? answer.person.role : answer.reason;
    };
    assert.deepEqual([['ops'], ['ops', 'boss'], ['toString'], undefined].map(roleOf), [
      'operator',
      'admin',
      'member',
      'member',
    ]);
    const unmapped = read({ groups: ['boss'] });
    assert.equal(unmapped.kind === 'ok' && unmapped.person.role, undefined);
  });

  test('domains: the organization that the IdP names, else a verified address', () => {
    const allowedDomains = ['Corp.example'];
    const cases: [Record<string, unknown>, Partial<typeof SETTINGS>, string][] = [
      [{}, {}, 'ok'],
      [{ email: 'ada@CORP.example' }, {}, 'ok'],
      [{ email: 'ada@evil.example' }, {}, 'domain'],
      [{ email: 'ada@corp.example.evil.example' }, {}, 'domain'],
      [{ email: 'ada@evilcorp.example' }, {}, 'domain'],
      [{ email: 'ada@corp.example, x@evil.example' }, {}, 'domain'],
      [{ email: undefined }, {}, 'domain'],
      [{ email_verified: false }, {}, 'domain'],
      [{ email_verified: undefined }, {}, 'domain'],
      [{ email_verified: 'true' }, {}, 'ok'],
      [{ email_verified: undefined }, { trustEmail: true }, 'ok'],
      [{ email_verified: false, hd: 'corp.example' }, {}, 'ok'],
      [{ hd: 'evil.example' }, {}, 'domain'],
      [{ hd: ['corp.example'] }, {}, 'domain'],
    ];
    for (const [claims, settings, expected] of cases) {
      const answer = read(claims, { allowedDomains, ...settings });
      assert.equal(answer.kind === 'ok' ? 'ok' : answer.reason, expected, JSON.stringify([claims, settings]));
    }
  });

  test('without a usable sub nobody comes in', () => {
    for (const sub of [undefined, '', 7, 'x'.repeat(256)]) assert.equal(read({ sub }).kind, 'refused');
  });

  test('user names are made of what an IdP calls people', () => {
    const names = ['Ada.Lövelace@corp.example', 'CORP\\ada', '_x', '@corp.example', '李', 'a'.repeat(300), '../../etc'];
    assert.deepEqual(names.map(toUserName), ['ada.lovelace', 'corp-ada', 'x', 'user', 'user', 'a'.repeat(60), 'etc']);
  });
});
