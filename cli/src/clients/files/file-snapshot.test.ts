import assert from 'node:assert/strict';
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { GateError } from 'mcpgate-shared/error';
import { digest, fileError, orMissing, readSnapshot, replaceSnapshot } from './file-snapshot.ts';

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mcpgate-snapshot-'));
  path = join(folder, 'file.json');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('replacing a file', () => {
  it('is done where it is as it was read, and leaves nothing else behind', async () => {
    writeFileSync(path, 'one', { mode: 0o640 });
    assert.equal(await replaceSnapshot(await readSnapshot(path), Buffer.from('two')), true);
    assert.equal(readFileSync(path, 'utf8'), 'two');
    assert.equal(statSync(path).mode & 0o777, 0o640);
    assert.deepEqual(readdirSync(folder), ['file.json']);
  });

  for (const [name, meanwhile] of Object.entries({
    'another content': () => writeFileSync(path, 'theirs'),
    'nothing at all': () => rmSync(path),
    'a link to elsewhere': () => {
      rmSync(path);
      writeFileSync(join(folder, 'else'), 'one');
      symlinkSync('else', path);
    },
  })) {
    it(`is not done where it is ${name} meanwhile`, async () => {
      writeFileSync(path, 'one');
      const snapshot = await readSnapshot(path);
      meanwhile();
      const before = readdirSync(folder);
      assert.equal(await replaceSnapshot(snapshot, Buffer.from('two')), false);
      assert.deepEqual(readdirSync(folder), before);
      assert.ok(!before.includes('file.json') || readFileSync(path, 'utf8') !== 'two');
    });
  }

  it('is not done where there was no file and now there is one', async () => {
    const snapshot = await readSnapshot(path);
    writeFileSync(path, 'theirs');
    assert.equal(await replaceSnapshot(snapshot, Buffer.from('ours')), false);
    assert.equal(readFileSync(path, 'utf8'), 'theirs');
    assert.equal(await replaceSnapshot(snapshot, null), false);
    assert.equal(readFileSync(path, 'utf8'), 'theirs');
  });

  it('makes a file and its folders for this person only', async () => {
    const deep = join(folder, 'a', 'b', 'file.json');
    assert.equal(await replaceSnapshot(await readSnapshot(deep), Buffer.from('x')), true);
    assert.equal(statSync(deep).mode & 0o777, 0o600);
    assert.equal(statSync(join(folder, 'a')).mode & 0o777, 0o700);
  });

  it('keeps its owner and all of its mode', async () => {
    writeFileSync(path, 'one');
    const isRoot = process.getuid?.() === 0;
    if (isRoot) chownSync(path, 1_234, 2_345);
    chmodSync(path, 0o4751);
    const before = statSync(path);
    assert.equal(await replaceSnapshot(await readSnapshot(path), Buffer.from('two')), true);
    const { mode, uid, gid } = statSync(path);
    assert.deepEqual([mode, uid, gid], [before.mode, before.uid, before.gid]);
  });
});

describe('taking a file away', () => {
  it('is done where it is as it was read, and where there is none', async () => {
    writeFileSync(path, 'one');
    assert.equal(await replaceSnapshot(await readSnapshot(path), null), true);
    assert.equal(existsSync(path), false);
    assert.equal(await replaceSnapshot(await readSnapshot(path), null), true);
  });

  it('is not done where it is another meanwhile', async () => {
    writeFileSync(path, 'one');
    const snapshot = await readSnapshot(path);
    writeFileSync(path, 'two');
    assert.equal(await replaceSnapshot(snapshot, null), false);
    assert.equal(readFileSync(path, 'utf8'), 'two');
  });
});

describe('a file behind links', () => {
  it('is read and replaced where it lies, also where nothing lies there yet, and the links stay', async () => {
    mkdirSync(join(folder, 'real'));
    symlinkSync('real/file.json', join(folder, 'inner'));
    symlinkSync(join(folder, 'inner'), path);
    const target = join(folder, 'real/file.json');
    const nothing = await readSnapshot(path);
    assert.deepEqual(nothing, { path, target, bytes: null });
    assert.equal(await replaceSnapshot(nothing, Buffer.from('one')), true);
    assert.deepEqual(await readSnapshot(path), { path, target, bytes: Buffer.from('one') });
    assert.equal(await replaceSnapshot(await readSnapshot(path), Buffer.from('two')), true);
    assert.ok(lstatSync(path).isSymbolicLink() && lstatSync(join(folder, 'inner')).isSymbolicLink());
    assert.equal(readFileSync(target, 'utf8'), 'two');
    assert.deepEqual(readdirSync(join(folder, 'real')), ['file.json']);
  });

  it('is not read where they lead in a circle', async () => {
    symlinkSync('other', path);
    symlinkSync('file.json', join(folder, 'other'));
    await assert.rejects(readSnapshot(path), {
      code: 'client_file',
      message: /circle; nothing was changed: /,
    });
  });
});

describe('a file that cannot be written', () => {
  it('is said to be so, and leaves nothing behind', async () => {
    writeFileSync(join(folder, 'a'), 'x');
    const inFile = join(folder, 'a', 'file.json');
    const snapshot = { path: inFile, target: inFile, bytes: null };
    await assert.rejects(replaceSnapshot(snapshot, Buffer.from('x')), {
      code: 'client_file',
      message: `cannot write ${inFile}: a part of its path is a file, not a folder; nothing was changed: move that file away, then run this again`,
    });
    mkdirSync(path);
    await assert.rejects(readSnapshot(path), {
      message: `cannot read ${path}: it is a folder; nothing was changed: move it away, then run this again`,
    });
    await assert.rejects(replaceSnapshot({ path, target: path, bytes: null }, Buffer.from('x')), /cannot write/);
    assert.deepEqual(readdirSync(folder).toSorted(), ['a', 'file.json']);
  });
});

describe('why a file cannot be read or written', () => {
  const MEND = 'nothing was changed: mend that, then run this again';
  const failure = (code: string) => Object.assign(new Error(`${code}: as Node says it`), { code });

  it('is said in words that tell what to do', () => {
    const rights = 'check its owner and permissions, and those of its folder';
    for (const [code, fault, todo] of [
      ['EACCES', 'you may not', rights],
      ['EPERM', 'you may not', rights],
      ['EROFS', 'it lies on a read-only file system', 'mend that'],
      ['EISDIR', 'it is a folder', 'move it away'],
      ['ENOTDIR', 'a part of its path is a file, not a folder', 'move that file away'],
      ['ENOSPC', 'the disk is full', 'make room'],
      ['ELOOP', 'it is a symbolic link that leads in a circle', 'mend that'],
      ['EBUSY', 'another program holds it open', 'close that program'],
      ['EIO', 'EIO: as Node says it', 'mend that'],
    ] as const) {
      const cause = failure(code);
      const error = fileError(cause, 'read', '/a/b');
      assert.equal(error.message, `cannot read /a/b: ${fault}; nothing was changed: ${todo}, then run this again`);
      assert.deepEqual([error.code, error.cause], ['client_file', cause]);
    }
  });

  it('is said as it comes where nobody knows it, and once', () => {
    assert.equal(fileError(new Error('odd'), 'write', '/a').message, `cannot write /a: odd; ${MEND}`);
    assert.equal(fileError('text', 'write', '/a').message, `cannot write /a: text; ${MEND}`);
    const numbered = Object.assign(new Error('odd'), { code: 5 });
    assert.equal(fileError(numbered, 'write', '/a').message, `cannot write /a: odd; ${MEND}`);
    const known = new GateError('client_file', 'said before');
    assert.equal(fileError(known, 'read', '/a'), known);
  });

  it('is nothing where a file that may be missing is missing, and thrown otherwise', async () => {
    assert.equal(await orMissing(Promise.resolve('x')), 'x');
    assert.equal(await orMissing(Promise.reject(failure('ENOENT'))), null);
    for (const other of [failure('EACCES'), new Error('odd'), 'ENOENT'])
      await assert.rejects(orMissing(Promise.reject(other)), (error) => error === other);
  });
});

it('bytes are told apart by their SHA-256', () => {
  assert.equal(digest(Buffer.from('abc')), 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
});
