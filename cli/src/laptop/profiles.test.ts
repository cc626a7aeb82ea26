import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { GateError } from 'mcpgate-shared/error';
import { resolvePaths, systemPaths } from './paths.ts';
import { requireProfile } from './profile.ts';
import { profileWords } from './profile-words.ts';
import { chooseProfile, listProfiles, removeProfile } from './profiles.ts';

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'mg-profiles-'));
  t.after(() => rmSync(path, { recursive: true }));
  return path;
}

/** As a login writes them. */
function make(configDir: string, name: string, settings: object = {}): void {
  const path = systemPaths({ MCPGATE_CONFIG_DIR: configDir }, name).configPath;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, JSON.stringify(settings));
}

const named = (configDir: string, env: Record<string, string> = {}, flag?: string) =>
  systemPaths({ MCPGATE_CONFIG_DIR: configDir, ...env }, flag).profile;

const fails = (code: string, says: RegExp) => (error: unknown) => {
  assert.ok(error instanceof GateError);
  assert.equal(error.code, code);
  assert.match(error.message, says);
  return true;
};

test('the flag comes before MCPGATE_PROFILE, that before the choice, and without any there is the one without a name', (t) => {
  const configDir = folder(t);
  assert.equal(named(configDir), 'default');
  make(configDir, 'work');
  make(configDir, 'home');
  chooseProfile(configDir, 'work');
  assert.equal(named(configDir), 'work');
  assert.equal(named(configDir, { MCPGATE_PROFILE: '' }), 'work');
  assert.equal(named(configDir, { MCPGATE_PROFILE: 'home' }), 'home');
  assert.equal(named(configDir, { MCPGATE_PROFILE: 'home' }, 'default'), 'default');
  chooseProfile(configDir, 'default');
  assert.equal(named(configDir), 'default');
});

test('everything of a profile lies in its own folder; that of the one without a name lies where it always did', (t) => {
  const configDir = folder(t);
  const own = { env: { MCPGATE_CONFIG_DIR: configDir, MCPGATE_RUNTIME_DIR: '/r' }, platform: 'linux' as const };
  const laptop = { ...own, homedir: '/home/ada', uid: 1000, tmpdir: '/tmp' };
  const plain = resolvePaths(laptop);
  const office = resolvePaths({ ...laptop, profileIn: () => 'office' });
  assert.deepEqual([plain.profileDir, plain.socketPath], [configDir, '/r/daemon.sock']);
  assert.equal(office.configPath, join(configDir, 'profiles/office/config.json'));
  assert.equal(office.socketPath, '/r/profiles/office/daemon.sock');
  assert.equal(office.cacheDir, join(configDir, 'profiles/office/cache'));
  assert.equal(office.configDir, configDir, 'what all share stays');
});

test('a name that is none leads nowhere, wherever it comes from', (t) => {
  const configDir = folder(t);
  for (const name of [
    '../x',
    '',
    'a/b',
    '..',
    '.',
    'Work',
    'a b',
    '-x',
    'ü',
    'x'.repeat(25),
    'x\ny',
    'x'.repeat(1_000_000),
  ]) {
    const none = fails('usage', /^".{0,40}" is no name of a profile: 1 to 24 of a-z, 0-9 and -/);
    assert.throws(() => named(configDir, {}, name), none, name.slice(0, 30));
    assert.throws(() => chooseProfile(configDir, name), none);
    assert.throws(() => removeProfile(configDir, name), none);
    if (name !== '') assert.throws(() => named(configDir, { MCPGATE_PROFILE: name }), none);
    writeFileSync(join(configDir, 'profile'), name);
    assert.throws(() => named(configDir), none, 'a damaged choice is no other login');
  }
  assert.deepEqual(readdirSync(configDir), ['profile']);
  chooseProfile(configDir, 'default');
  assert.equal(named(configDir), 'default', 'the next choice mends it');
});

test('what is no file where the choice should be is an error at once, and no wait', (t) => {
  const none = fails('usage', /is no name of a profile/);
  const [pipe, other] = [folder(t), folder(t)];
  execFileSync('mkfifo', [join(pipe, 'profile')]);
  mkdirSync(join(other, 'profile'));
  for (const configDir of [pipe, other]) {
    assert.throws(() => named(configDir), none);
    assert.deepEqual(
      listProfiles(configDir).map(({ isChosen }) => isChosen),
      [false],
    );
  }
});

test('a profile that does not exist is answered with what to do, and none is made', (t) => {
  const configDir = folder(t);
  make(configDir, 'work');
  const paths = systemPaths({ MCPGATE_CONFIG_DIR: configDir }, 'wrok');
  assert.throws(
    () => requireProfile(paths),
    fails('not_found', /`mcpgate login https:\/\/BROKER --profile wrok` makes it/),
  );
  assert.throws(() => chooseProfile(configDir, 'wrok'), fails('not_found', /did you mean work\?.* makes it/));
  assert.throws(() => removeProfile(configDir, 'far-away'), fails('not_found', /you have default, work/));
  requireProfile(systemPaths({ MCPGATE_CONFIG_DIR: configDir }, 'work'));
  requireProfile(systemPaths({ MCPGATE_CONFIG_DIR: configDir }, 'default'));
  assert.deepEqual(readdirSync(configDir), ['profiles']);
});

test('the list names each with its login, also one whose settings are damaged', (t) => {
  const configDir = folder(t);
  make(configDir, 'work', { broker: 'https://one.example', user: 'ada', credential: 'device' });
  make(configDir, 'home');
  writeFileSync(systemPaths({ MCPGATE_CONFIG_DIR: configDir }, 'home').configPath, '{');
  mkdirSync(join(configDir, 'profiles/half-made'));
  chooseProfile(configDir, 'work');
  const [plain, home, work, ...others] = listProfiles(configDir);
  assert.deepEqual(others, []);
  assert.deepEqual(plain, { name: 'default', isChosen: false, settings: {} });
  assert.match(home?.error ?? '', /not valid JSON/);
  assert.deepEqual([work?.name, work?.isChosen, work?.settings.user], ['work', true, 'ada']);
});

test('a profile is forgotten only when nobody is logged in there, and never stays chosen', (t) => {
  const configDir = folder(t);
  make(configDir, 'work', { broker: 'https://one.example', credential: 'device' });
  chooseProfile(configDir, 'work');
  assert.throws(() => removeProfile(configDir, 'work'), fails('conflict', /`mcpgate logout --profile work`/));
  make(configDir, 'work', { broker: 'https://one.example' });
  removeProfile(configDir, 'work');
  assert.deepEqual(
    listProfiles(configDir).map(({ name, isChosen }) => [name, isChosen]),
    [['default', true]],
  );
  assert.throws(() => removeProfile(configDir, 'default'), fails('usage', /always there/));
});

test('messages name commands as they are typed for the profile, and leave those of others alone', (t) => {
  const configDir = folder(t);
  make(configDir, 'work');
  const said = 'run `mcpgate login`, then `mcpgate daemon restart`; `mcpgate-broker status`, `mcpgate use`';
  const typed =
    'run `mcpgate login --profile work`, then `mcpgate daemon restart --profile work`; `mcpgate-broker status`, `mcpgate use`';
  const words = profileWords({ configDir, profile: 'work' });
  assert.equal(words(said), typed);
  assert.equal(words(typed), typed);
  assert.equal(profileWords({ configDir, profile: 'default' })(said), said);
  chooseProfile(configDir, 'work');
  assert.equal(words(said), said);
  assert.match(profileWords({ configDir, profile: 'default' })(said), /login --profile default`/);
});
