// `npm run fixture:release -- 0.1`: makes the databases of this version, with one of everything in them, for the tests of later versions:
// `broker/src/store/fixtures/release-VERSION/`. Run once for each release, on the commit of that release; what it has made is never made again.
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { gzipSync } from 'node:zlib';
import { systemClock } from 'mcpgate-shared/clock';
import pg from 'pg';
import { createLogger } from '../../broker/src/log/logger.ts';
import { openStore } from '../../broker/src/store/open-store.ts';
import { createVault } from '../../broker/src/vault/create-vault.ts';
import { loadMasterKey } from '../../broker/src/vault/master-key.ts';
import { findPrograms, startPostgres } from '../postgres.ts';
import { REPOSITORY } from '../step.ts';
import { startCountingUpstream } from '../upstreams/counting-upstream.ts';
import { connectIdp } from '../world/people/scim-client.ts';
import type { IssuedGrant } from '../world/people/issued-grant.ts';
import { until } from '../world/until.ts';
import { openWorld, type World } from '../world.ts';

/** What later versions must find in the database. */
interface Facts {
  commit: string;
  tables: Record<string, number>;
  users: string[];
  /** Tokens that are good for nothing but this database. */
  grants: { live: string; revoked: string };
  secret: { name: string; value: string };
  calls: number;
}

const TOKEN = 'service-token-of-the-release-fixture';
const YEAR_MS = 365 * 86_400_000;

async function fill(world: World, upstreamUrl: string): Promise<Pick<Facts, 'grants' | 'secret' | 'calls'>> {
  const { broker } = world;
  await world.importServers({ counting: { url: upstreamUrl, headers: { Authorization: `Bearer ${TOKEN}` } } });
  const secret = await world.secretOf('counting');
  const account = ['--header', 'X-Token=${account:TOKEN}', '--credential', 'personal', '--key', 'TOKEN=Your token'];
  await broker.run(['server', 'add', 'own', upstreamUrl, ...account]);
  await broker.run(['secret', 'set', 'spare'], { stdin: 'first value' });
  await broker.run(['secret', 'set', 'spare'], { stdin: 'second value' });
  await broker.run(['secret', 'set', 'from-outside', '--from', 'env:MCPGATE_SECRET_OUTSIDE']);
  await broker.run(['workspace', 'add', 'team-b']);
  await broker.run(['user', 'add', 'grace', '--workspace', 'team-b', '--role', 'admin']);
  await broker.run(['group', 'add', 'leads']);
  await broker.run(['user', 'add', 'mary', '--group', 'leads', '--role', 'operator']);
  await broker.run(['user', 'add', 'linus']);
  await broker.run(['user', 'disable', 'linus']);
  await broker.run(['rule', 'add', '--allow', '--who', '*', '--what', 'counting__*', '--limit', '100/day']);
  await broker.run([
    'rule',
    'add',
    '--allow',
    '--who',
    '*',
    '--what',
    'own__*',
    '--when',
    '!has(args.text) || args.text != "nothing"',
  ]);
  await broker.run(['rule', 'add', '--deny', '--who', 'user:ada', '--what', 'counting__fail', '--note', 'not yet']);
  await broker.run(['rule', 'add', '--ask', '--who', '*', '--what', 'counting__hold', '--approver', 'group:leads']);
  await broker.run(['bundle', 'add', 'reading', '--tool', 'counting__echo', '--description', 'What only reads']);
  const issue = (label: string) => ['grant', 'issue', '--label', label, '--server', 'counting'];
  const live = (await broker.json(issue('ci'))) as IssuedGrant;
  const revoked = (await broker.json(issue('old-ci'))) as IssuedGrant;
  await broker.run(['grant', 'revoke', revoked.id]);

  const idp = await connectIdp(world);
  const { id = '' } = await idp.send('POST', '/Users', { userName: 'barbara@corp.example', externalId: '00u1' });
  await idp.send('POST', '/Groups', { displayName: 'Compilers', externalId: 'g1', members: [{ value: id }] });

  const ada = await world.member('ada');
  mkdirSync(join(ada.home, '.cursor'));
  const entry = { url: upstreamUrl, headers: { Authorization: `Bearer ${TOKEN}` } };
  writeFileSync(join(ada.home, '.cursor/mcp.json'), JSON.stringify({ mcpServers: { mine: entry } }), { mode: 0o600 });
  const connected = await ada.gate(['connect', 'own', '--with-keys'], { stdin: '{"TOKEN":"token-of-ada"}' });
  if (connected.code !== 0) throw new Error(connected.stderr);
  await ada.gateJson(['status']);
  const client = await ada.aiClient();
  await client.toolNames();
  for (let call = 0; call < 20; call++) await client.call('counting__echo', { text: `call ${call}` });
  await client.call('own__echo', { text: 'with my own account' });
  await client.call('counting__fail', {});
  const waits = client.call('counting__hold', {}).catch(() => undefined);
  await until('a call to wait', async () => ((await broker.json(['request', 'list'])) as object[]).length > 0);
  // With a channel open, so that the broker leaves what it had of it.
  await broker.stop();
  await waits;
  return { grants: { live: live.token, revoked: revoked.token }, secret: { name: secret, value: TOKEN }, calls: 23 };
}

/** What only other programs' parts would make, by the store's own functions. */
async function fillRest(dataDir: string, databaseUrl: string | undefined): Promise<string[]> {
  const log = createLogger({ level: 'error', format: 'json', write: (line) => void process.stderr.write(line) });
  const store = await openStore({
    dataDir,
    log,
    clock: systemClock,
    ...(databaseUrl !== undefined && { databaseUrl }),
  });
  const vault = await createVault({ store, masterKey: loadMasterKey({ dataDir }), clock: systemClock });
  const [now, expiresAt] = [Date.now(), Date.now() + 50 * YEAR_MS];
  const workspaceId = 'default';
  const users = await store.users.list(workspaceId);
  const userId = users.find(({ name }) => name === 'ada')?.id ?? '';
  const sealed = vault.seal('release', Buffer.from('what was not acknowledged'));
  const owner = 'device:of-the-release';
  await store.leftChannels.put({ broker: 'gone', id: 'c1', owner, secretHash: 'ab', taken: 3, sealed }, expiresAt);
  await store.departures.put({ broker: 'gone', ends: [], isComplete: true }, { expiresAt, now });
  await store.externalIdentities.link({ workspaceId, issuer: 'https://login.example.com', subject: 'ada-1', userId });
  const redirectUri = 'https://mcp.example.com/oauth/upstream/callback';
  await store.oauthRegistrations.put({ workspaceId, issuer: 'https://as.example.com', redirectUri, sealed });
  const session = { tokenHash: 'cd'.repeat(32), workspaceId, userId, address: '127.0.0.1', userAgent: 'Firefox' };
  const signedIn = { method: 'password', secondFactor: null, isPasswordWeak: false, authenticatedAt: now } as const;
  await store.webSessions.create({ ...session, ...signedIn, proofHash: null, createdAt: now, expiresAt });
  const { names } = { names: users.map(({ name }) => name).toSorted() };
  const transport = { kind: 'http' as const, url: 'https://notes.example.com/mcp', headers: {} };
  await store.proposals.add({ workspaceId, userId, name: 'notes', transport, digest: 'ef'.repeat(32) });
  await vault.close();
  await store.close();
  return names;
}

async function rowCounts(kind: 'sqlite' | 'postgres', where: string): Promise<Record<string, number>> {
  if (kind === 'sqlite') {
    const database = new DatabaseSync(where);
    const tables = database.prepare(`select name from sqlite_schema where type = 'table' order by name`).all();
    const counts = tables.map(({ name }) => {
      const row = database.prepare(`select count(*) as n from "${String(name)}"`).get();
      return [String(name), Number(row?.['n'])];
    });
    database.close();
    return Object.fromEntries(counts) as Record<string, number>;
  }
  const client = new pg.Client({ connectionString: where });
  await client.connect();
  const { rows } = await client.query<{ name: string }>(
    `select table_name as name from information_schema.tables where table_schema = 'public' order by 1`,
  );
  const counts: Record<string, number> = {};
  for (const { name } of rows) {
    const counted = await client.query<{ n: string }>(`select count(*) as n from "${name}"`);
    counts[name] = Number(counted.rows[0]?.n);
  }
  await client.end();
  return counts;
}

const version = process.argv[2] ?? '';
if (!/^\d+\.\d+$/.test(version)) throw new Error('say which release this is, as 0.1');
const folder = join(REPOSITORY, 'broker/src/store/fixtures', `release-${version}`);
if (existsSync(folder)) throw new Error(`${folder} is there: a release is made once`);
const commit = spawnSync('git', ['rev-parse', 'HEAD'], { cwd: REPOSITORY, encoding: 'utf8' }).stdout.trim();
const postgres = await startPostgres();
for (const kind of ['sqlite', 'postgres'] as const) {
  const databaseUrl = kind === 'postgres' ? await postgres.createDatabase() : undefined;
  const upstream = await startCountingUpstream();
  const brokerEnv = { MCPGATE_SECRET_OUTSIDE: randomBytes(8).toString('hex') };
  const world = await openWorld({
    direct: true,
    open: false,
    brokerEnv,
    ...(databaseUrl !== undefined && { databaseUrl }),
  });
  const { dataDir } = world.broker;
  const known = await fill(world, upstream.url);
  const users = await fillRest(dataDir, databaseUrl);
  const file = join(dataDir, 'mcpgate.db');
  const facts: Facts = { commit, tables: await rowCounts(kind, databaseUrl ?? file), users, ...known };
  const empty = Object.entries(facts.tables).filter(([name, rows]) => rows === 0 && name !== 'kysely_migration_lock');
  if (empty.length > 0) throw new Error(`${kind}: nothing is in ${empty.map(([name]) => name).join(', ')}`);

  const into = join(folder, kind);
  mkdirSync(into, { recursive: true });
  if (databaseUrl === undefined) {
    const database = new DatabaseSync(file);
    database.exec(`vacuum into '${join(dataDir, 'whole.db')}'`);
    database.close();
    writeFileSync(join(into, 'mcpgate.db.gz'), gzipSync(readFileSync(join(dataDir, 'whole.db'))));
  } else {
    const program = join(findPrograms(process.env['PATH'] ?? '', ['pg_dump']), 'pg_dump');
    const args = ['--inserts', '--no-owner', '--no-privileges', '--rows-per-insert=100', databaseUrl];
    const dump = spawnSync(program, args, { encoding: 'utf8', maxBuffer: 1 << 28 });
    if (dump.status !== 0) throw new Error(dump.stderr);
    // Lines that are commands of psql are for psql alone.
    writeFileSync(join(into, 'dump.sql.gz'), gzipSync(dump.stdout.replaceAll(/^\\.*$/gm, '')));
  }
  writeFileSync(join(into, 'master.key'), readFileSync(join(dataDir, 'master.key')));
  writeFileSync(join(into, 'facts.json'), `${JSON.stringify(facts, null, 2)}\n`);
  await world.close();
  await upstream.close();
  process.stdout.write(`${into}: ${JSON.stringify(facts.tables)}\n`);
}
await postgres.stop();
