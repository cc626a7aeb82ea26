// `config check --connect` says what a start would say of a database that is there, and makes nothing.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from 'mcpgate-shared/clock';
import { it } from 'node:test';
import { onBothEngines } from '../../store/fixtures/both-engines.ts';
import { openKeyring } from '../../vault/keyring.ts';
import { createKeyFile, loadMasterKey } from '../../vault/master-key.ts';
import { runBrokerCommand } from '../fixtures/broker-process.ts';

onBothEngines((openStore, kind) => {
  it('a master key that the database was not sealed with, or that is not there, keeps a broker from starting', async (t) => {
    const { store, dataDir } = await openStore(t);
    const masterKey = loadMasterKey({ dataDir });
    await openKeyring({ store, masterKey, clock: systemClock });
    const folder = mkdtempSync(join(tmpdir(), 'mcpgate-check-'));
    t.after(() => rmSync(folder, { recursive: true }));
    const file = join(folder, 'broker.yaml');
    const source = store.audit.source();
    const database = source.kind === 'postgres' ? `database_url: ${source.url}\n` : '';
    const check = async (key: string) => {
      writeFileSync(file, `data: ${dataDir}\nmaster_key_file: ${key}\n${database}`);
      const { code, stdout, stderr } = await runBrokerCommand(['config', 'check', file, '--connect']);
      return { code, text: stdout + stderr };
    };
    assert.deepEqual(await check(masterKey.file), { code: 0, text: `${file}: a broker starts with it\n` });
    const other = join(folder, 'other.key');
    createKeyFile(other);
    const wrong = await check(other);
    assert.equal(wrong.code, 1, wrong.text);
    assert.match(wrong.text, /other\.key is not the one this database was sealed with/);
    const nowhere = join(folder, 'nowhere.key');
    const missing = await check(nowhere);
    assert.equal(missing.code, 1, missing.text);
    assert.match(missing.text, /nowhere\.key is missing, and this database was sealed with one/);
    assert.equal(existsSync(nowhere), false, `nothing is made (${kind})`);
  });
});
