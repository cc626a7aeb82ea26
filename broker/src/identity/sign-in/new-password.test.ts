import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { createNewPasswords } from './new-password.ts';

const OWNER = { name: 'ada.lovelace', email: 'a.lovelace@analytical.example', workspaceId: 'team-engines' };
const passwords = createNewPasswords({ company: { host: 'mcp.babbage-works.example', called: 'Menabrea ID' } });
const problemOf = (password: string) => passwords.problemOf(password, OWNER);

suite('a new password', () => {
  test('is as long as the standard asks of one that stands alone, and each character counts as one', async () => {
    assert.match((await problemOf('seven otters 7')) ?? '', /^Use at least 15 characters/);
    assert.equal(await problemOf('seven otters 77'), undefined);
    assert.match((await problemOf('🦦🦩🐙🦉🦔🐝🦋🐳')) ?? '', /^Use at least 15/, 'eight characters in sixteen units');
    assert.match((await problemOf('ﬁ'.repeat(7))) ?? '', /^Use at least 15/);
    assert.match((await problemOf('x y'.repeat(90))) ?? '', /^Use at most 256/);
  });

  test('may have any characters, and no kind of them is asked for', async () => {
    for (const password of [
      'seven quiet otters',
      'correct horse battery staple',
      'Zürich im Regen schön',
      '日本語のパスワードです本当に長い',
      'mango lantern orbit velvet canyon tiger saddle pepper quartz marble',
      '        7 quiet otters',
    ])
      assert.equal(await problemOf(password), undefined, password);
  });

  test('is none of the common ones, nor made of them, of repetitions, rows of keys or dates', async () => {
    for (const password of [
      'passwordpassword',
      'password1234567',
      '123456789012345',
      'qwertyuiopasdfghjkl',
      'iloveyouiloveyou',
      'aaaaaaaaaaaaaaaaaaaa',
      'Summer2026Summer2026!',
      'hunter2hunter2hunter2',
      'PaSsWoRdPaSsWoRd',
      'x'.repeat(256),
    ])
      assert.match((await problemOf(password)) ?? '', /among the first|Do not build/, password);
  });

  test('is not built around its owner, their address, workspace or company, however that is written', async () => {
    for (const password of [
      'ada.lovelace.2026',
      'Lovelace-Lovelace-1',
      'LOVELACE lovelace',
      'Ĺóvelace.lovelace1',
      'analytical2026!!',
      'babbage-works-2026',
      'team-engines-12345',
      'menabrea-menabrea',
      'mcpgate-mcpgate-1',
    ])
      assert.match((await problemOf(password)) ?? '', /Do not build the password around/, password);
    assert.equal(await problemOf('lovelace likes small quiet engines'), undefined, 'with enough besides');
  });
});
