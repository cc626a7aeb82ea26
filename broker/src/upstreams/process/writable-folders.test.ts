import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, describe, it } from 'node:test';
import { systemClock } from 'mcpgate-shared/clock';
import { pino } from 'pino';
import { createUpstreams } from '../create-upstreams.ts';
import type { UpstreamsOptions } from '../upstreams-options.ts';
import { assertWritableApart } from './writable-folders.ts';

const root = mkdtempSync(path.join(tmpdir(), 'mcpgate-writable-'));
after(() => rmSync(root, { recursive: true, force: true }));
const at = (...names: string[]): string => path.join(root, ...names);

for (const folder of ['srv/data/upstreams', 'srv/documents', 'etc/mcpgate', 'work/inner'])
  mkdirSync(at(folder), { recursive: true });
for (const file of ['etc/mcpgate/master.key', 'work/inner/oidc']) writeFileSync(at(file), 'x');
symlinkSync(at('srv'), at('link-to-srv'));
symlinkSync('srv/data', at('link-to-data'));
symlinkSync(at('etc'), at('work/etc'));
symlinkSync(at('work/inner/oidc'), at('etc/oidc'));
symlinkSync(at('srv/data'), at('work/data'));

const dataDir = at('srv/data');
const secretFiles = [at('etc/mcpgate/master.key')];
const check =
  (writable: string, more: object = {}) =>
  () =>
    assertWritableApart({ writable: [at('srv/documents'), writable], dataDir, secretFiles, ...more });

describe('a folder that servers may write', () => {
  const refused: [what: string, writable: string, other: string, more?: object][] = [
    ['the data folder itself', dataDir, dataDir],
    ['with a slash at its end', `${dataDir}/`, dataDir],
    ['by way of its parent', at('srv/data/../data'), dataDir],
    ['one that holds it', at('srv'), dataDir],
    ['all there is', '/.', dataDir],
    ['all there is, by way of a parent', '/..', dataDir],
    ['one in it', at('srv/data/upstreams'), dataDir],
    ['one in it that is not there yet', at('srv/data/new'), dataDir],
    ['a link to it', at('link-to-data'), dataDir],
    ['a link to what holds it', at('link-to-srv'), dataDir],
    ['what is behind a link to it', at('link-to-data/upstreams'), dataDir],
    ['one in which there is a link that leads to it', at('work'), at('work/data'), { dataDir: at('work/data') }],
    ['one that holds the master key', at('etc/mcpgate'), at('etc/mcpgate/master.key')],
    ['the master key itself', at('etc/mcpgate/master.key'), at('etc/mcpgate/master.key')],
    ['a link to what holds it', at('work/etc/mcpgate'), at('etc/mcpgate/master.key')],
    [
      'one that holds a secret that is a link elsewhere',
      at('work/inner'),
      at('etc/oidc'),
      { secretFiles: [at('etc/oidc')] },
    ],
    ['one that holds the link to a secret', at('etc'), at('etc/oidc'), { secretFiles: [at('etc/oidc')] }],
    [
      'one on the way to a secret',
      at('work'),
      at('work/etc/mcpgate/master.key'),
      { secretFiles: [at('work/etc/mcpgate/master.key')] },
    ],
  ];
  for (const [what, writable, other, more] of refused)
    it(`is refused: ${what}`, () => {
      assert.throws(check(writable, more), (error: Error & { code?: string }) => {
        assert.equal(error.code, 'config');
        assert.ok(error.message.includes(`${writable} `) && error.message.includes(other), error.message);
        assert.match(error.message, /^stdio\.writable: [^\n]+$/);
        return true;
      });
    });

  it('is taken where it has no part of them, also beside them and where it is not there', () => {
    for (const writable of [at('srv/documents'), at('srv/data-of-others'), at('srv/da'), at('work/inner'), at('none')])
      check(writable)();
  });

  it('is looked at before anything starts', () => {
    const options: Partial<UpstreamsOptions> = {
      dataDir,
      clock: systemClock,
      log: pino({ level: 'silent' }),
      isRoot: false,
      path: '',
      brokerVersion: '1',
      stdio: { sandbox: 'auto', readable: [], writable: [at('link-to-srv')] },
    };
    assert.throws(
      () => createUpstreams(options as UpstreamsOptions),
      /stdio\.writable: .*link-to-srv .*holds the data/,
    );
  });
});
