#!/usr/bin/env node
// Verifies an export of the audit log (`mcpgate-broker audit export`) against the public key of its checkpoints, without the broker, its database or
// anything else than Node 20 or later: this file can be copied anywhere. What is checked, byte for byte: docs/audit-format.md.
'use strict';
const { createHash, createPublicKey, verify } = require('node:crypto');
const { createReadStream, readdirSync, readFileSync, statSync } = require('node:fs');
const { join } = require('node:path');
const { parseArgs } = require('node:util');
const { createGunzip } = require('node:zlib');

const USAGE = `usage: mcpgate-audit-verify EXPORT --key FILE [--archives FOLDER] [--checkpoints PATH]
                            [--partial] [--json]

  EXPORT              rows as JSON lines, from mcpgate-broker audit export; may end with .gz; - is stdin
  --key FILE          the public key, from mcpgate-broker audit key: PEM, a JWK or a set of JWKs
  --archives FOLDER   the archives of older rows; all of them are to be in it
  --checkpoints PATH  checkpoints that were kept elsewhere: a file with one a line, or a folder of such files
  --partial           the export is a part of the log, by time or by what was asked for: rows that it does not hold are not missed
  --json              the result as one JSON document

exit codes: 0 whole, 1 something is not as it was written, 2 usage, or a file that cannot be read`;

const NO_HASH = '0'.repeat(64);
const isHash = (value) => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value);

/** What is not as it was written. */
class Wrong extends Error {
  constructor(chain, seq, id, why) {
    super(why);
    this.wrong = { chain, seq, id, why };
  }
}
class Usage extends Error {}

const sha256 = (text) => createHash('sha256').update(text, 'utf8').digest('hex');

/** RFC 8785: members in the order of their names, no white space. */
function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const names = Object.keys(value).sort((a, b) => (a < b ? -1 : 1));
  return `{${names.map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`).join(',')}}`;
}

/** What a withheld row has, and what one of format 1 has: no hash covers other members there, so there are none. */
const WITHHELD = 'chain,hash,prev_hash,seq,v,withheld';
const OLD_ROW = 'actor,call_id,chain,data,hash,id,prev_hash,seq,server,subject,tool_name,ts,type,v,workspace_id';
const hasOnly = (row, names) => Object.keys(row).sort().join() === names;

const TOKEN = /"(?:[^"\\]|\\.)*"|[^\s"{}[\],:]+|[{}[\],:]/g;
const tokensOf = (text) =>
  text
    .match(TOKEN)
    .map((token) => (token.startsWith('"') ? JSON.stringify(JSON.parse(token)) : token))
    .sort()
    .join('\n');

/** Whether every reader of JSON finds the same in the line: no member twice, and numbers as they are written by everybody. Escapes and order do not matter. */
function isPlain(text, parsed) {
  const plain = JSON.stringify(parsed);
  return plain === text || tokensOf(text) === tokensOf(plain);
}

function hashOf({ hash: _hash, ...row }) {
  if (row.v !== 1) return sha256(canonical(row));
  const { id, workspace_id, ts, chain, seq, type, call_id, actor, subject, server, tool_name, data } = row;
  const list = [id, workspace_id, ts, chain, seq, type, call_id, actor, subject, server, tool_name, data];
  return sha256(`${row.prev_hash}\n${JSON.stringify(list)}`);
}

/** What is not even in the form of what it should be was not written so. */
function asWritten(why, check) {
  try {
    return check();
  } catch (error) {
    if (error instanceof TypeError) throw new Wrong(null, null, null, why);
    throw error;
  }
}

/** By the id of a key; the key `undefined` is for every id. */
function readKeys(text) {
  if (text.includes('-----BEGIN')) {
    const pems = text.match(/-----BEGIN PUBLIC KEY-----[^-]+-----END PUBLIC KEY-----/g) ?? [];
    return pems.map((pem) => ({ id: undefined, key: createPublicKey(pem) }));
  }
  const parsed = JSON.parse(text);
  return (parsed.keys ?? [parsed]).map((key) => ({ id: key.kid, key: createPublicKey({ key, format: 'jwk' }) }));
}

function keysIn(path) {
  const text = readFileSync(path, 'utf8');
  let keys = [];
  try {
    keys = readKeys(text);
  } catch {
    // Said below: what else the file may be is not known.
  }
  if (keys.length > 0 && keys.every(({ key }) => key.asymmetricKeyType === 'ed25519')) return keys;
  throw new Usage(`${path} is no public key of checkpoints: mcpgate-broker audit key prints one`);
}

function isSigned(keys, { statement, signature }, type = 'mcpgate.checkpoint') {
  if (statement?.type !== type || statement.v !== 1) return false;
  const bytes = Buffer.from(canonical(statement), 'utf8');
  return keys.some(
    ({ id, key }) =>
      (id === undefined || id === statement.key) && verify(null, bytes, key, Buffer.from(signature, 'base64url')),
  );
}

/** Rows of a chain by their places: a hash of 32 bytes and how many rows there are up to it (from 1), close together, because there may be millions. */
function createKept() {
  const [ROWS, BYTES] = [32, 36];
  const blocks = new Map();
  return {
    set(seq, hash, count) {
      const number = Math.floor(seq / ROWS);
      if (!blocks.has(number)) blocks.set(number, Buffer.alloc(ROWS * BYTES));
      const block = blocks.get(number);
      const at = (seq % ROWS) * BYTES;
      block.write(hash, at, 'hex');
      block.writeUInt32BE(count, at + 32);
    },
    get(seq) {
      if (!Number.isSafeInteger(seq)) return undefined;
      const block = blocks.get(Math.floor(seq / ROWS));
      const at = (seq % ROWS) * BYTES;
      const count = block?.readUInt32BE(at + 32) ?? 0;
      return count === 0 ? undefined : { hash: block.toString('hex', at, at + 32), count };
    },
  };
}

/**
 * Which rows others name, so that of these alone hashes are kept. Found by a look through all lines before they are checked: what is named there is
 * believed of nobody.
 */
function createNamed() {
  const chains = new Map();
  return {
    add(heads) {
      if (!Array.isArray(heads)) return;
      for (const head of heads) {
        if (!chains.has(head?.chain)) chains.set(head?.chain, new Set());
        chains.get(head?.chain).add(head?.seq);
      }
    },
    has: (chain, seq) => chains.get(chain)?.has(seq) === true,
    /** What a line names; most name nothing, and are not parsed. An escape may hide a word. */
    line(text) {
      if (!text.includes('chain.begun') && !text.includes('chain.checkpoint') && !text.includes('\\u')) return;
      let row;
      try {
        row = JSON.parse(text);
      } catch {
        // The check says so.
        return;
      }
      if (row?.type === 'chain.begun') this.add(row.details?.predecessors);
      if (row?.type === 'chain.checkpoint') this.add(row.details?.statement?.heads);
    },
  };
}

/** `named`: the rows that others name; undefined: not known, so any may be. */
function createCheck(keys, isPartial, named) {
  /** By name: the last row, the first place, how many there are, how many of these are covered, and the rows that somebody may name. */
  const chains = new Map();
  /** What was named and has not been met. */
  const claims = [];
  /** The chains that a row, a checkpoint or an archive names. */
  const known = new Set();
  const counts = { rows: 0, withheld: 0, checkpoints: 0, gaps: 0, archives: 0 };
  /** The archives that were read: their names and digests, in order. */
  const archives = [];
  /** Archives that rows name, and that were not read. */
  const missing = [];
  let archive;

  /** `ofWhen`: what is said besides where rows are missing that it names. */
  function claim(heads, by, ofWhen = '') {
    for (const { chain, seq, hash } of heads) {
      known.add(chain);
      const state = chains.get(chain);
      const met = state?.kept.get(seq);
      if (met?.hash === hash) state.covered = Math.max(state.covered, met.count);
      else {
        // What stands further on is kept when it comes.
        named?.add([{ chain, seq }]);
        claims.push({ chain, seq, hash, by, ofWhen });
      }
    }
  }

  function checkpoint(signed, by, place, isOutside = false) {
    if (!isSigned(keys, signed)) throw new Wrong(...place, `${by} is not signed with the key`);
    counts.checkpoints += 1;
    // Checkpoints go on to be made behind an export. Whoever reads knows when they made theirs; here nothing tells that from an end that was cut off.
    const ofWhen = isOutside ? `. It is of ${signed.statement.at}; an export from before then cannot have them` : '';
    claim(signed.statement.heads, by, ofWhen);
  }

  function begin(row) {
    const { chain, seq, v } = row;
    const first = v === 1 ? 1 : 0;
    if (seq !== first && !isPartial)
      throw new Wrong(
        chain,
        first,
        null,
        `it is missing: the next row is ${seq}. Where it was archived, give --archives`,
      );
    const isFirst = seq === first;
    if (isFirst && v === 2 && row.type !== 'chain.begun' && row.withheld !== true)
      throw new Wrong(chain, seq, row.id ?? null, 'a chain begins with another row');
    const hash = isFirst ? NO_HASH : row.prev_hash;
    const isOpen = v === 2 && isFirst && row.withheld !== true;
    const state = { seq: seq - 1, hash, from: seq, count: 0, covered: 0, kept: createKept(), v, isOpen };
    chains.set(chain, state);
    return state;
  }

  /** A row of the log names an archive. */
  function knownArchive({ chain, seq, id, details }) {
    const { name, sha256: digest } = details.data;
    const found = archives.find((each) => each.name === name);
    if (found !== undefined && (found.digest !== digest || details.data.number !== found.number))
      throw new Wrong(chain, seq, id, `the archive ${name} is another one than it names`);
    if (found === undefined && !isPartial) missing.push({ place: [chain, seq, id], name, spans: details.data.chains });
  }

  /** An export that goes back to the beginning has the rows of archives itself. */
  function meetArchives() {
    for (const { place, name, spans } of missing)
      for (const span of spans) {
        const [, chain, from, to] = /^(.*)#(\d+)-(\d+)$/.exec(span) ?? [];
        const state = chains.get(chain);
        if (state === undefined || state.from > Number(from) || state.seq < Number(to))
          throw new Wrong(...place, `the archive ${name}, which it names, is missing`);
      }
  }

  function checkRow(row, line) {
    const { chain, seq, hash, id = null } = row;
    if (typeof chain !== 'string' || !Number.isSafeInteger(seq) || seq < 0 || !isHash(hash))
      throw new Wrong(null, null, null, `line ${line} is no row of the log`);
    const state = chains.get(chain) ?? begin(row);
    if (isPartial && seq > state.seq + 1) {
      // What stands between is not in the export: the row hangs on a hash that nobody shows.
      counts.gaps += 1;
      state.seq = seq - 1;
      state.hash = row.prev_hash;
    }
    if (seq !== state.seq + 1) {
      const why = seq > state.seq ? `it is missing: the next row is ${seq}` : `row ${seq} stands here instead`;
      // An export from before its rows were archived is as right as one that has them since: whoever has made it knows.
      const isTwice = archive === undefined && state.seq === state.archived && seq <= state.archived;
      const ofArchives = isTwice
        ? '. The archives have that one, too: an export that was made with --archives, or before its rows were archived, is verified without those of its rows'
        : '';
      throw new Wrong(chain, state.seq + 1, null, `${why}${ofArchives}`);
    }
    if (row.prev_hash !== state.hash) throw new Wrong(chain, seq, id, 'it does not follow the row before it');
    if (row.withheld === true) {
      if (!hasOnly(row, WITHHELD) || !isHash(row.prev_hash) || (row.v !== 1 && row.v !== 2))
        throw new Wrong(chain, seq, id, 'it is withheld, and says something all the same');
      counts.withheld += 1;
    } else {
      if (row.v === 1 && !hasOnly(row, OLD_ROW)) throw new Wrong(chain, seq, id, 'it is in no form of format 1');
      if (hashOf(row) !== hash) throw new Wrong(chain, seq, id, 'what it says is not what was written');
      counts.rows += 1;
      if (row.type === 'chain.begun') {
        if (seq !== 0) throw new Wrong(chain, seq, id, 'a chain begins once, with its first row');
        claim(row.details.predecessors, `the beginning of ${chain}`);
      }
      if (row.type === 'audit.archived') knownArchive(row);
      if (row.type === 'chain.checkpoint')
        checkpoint(row.details, `row ${seq} of ${chain}, a checkpoint,`, [chain, seq, id]);
    }
    state.seq = seq;
    state.hash = hash;
    state.count += 1;
    if (named === undefined || named.has(chain, seq)) state.kept.set(seq, hash, state.count);
    if (archive !== undefined) archive.rows += 1;
  }

  /** A chain that is named nowhere is the newest one, which says how it begins; old chains are named by the first of the others. */
  function meetUnnamed() {
    if (isPartial) return;
    const hasNew = [...chains.values()].some(({ v }) => v === 2);
    for (const [chain, { from, v, isOpen }] of chains) {
      if (known.has(chain) || isOpen || (v === 1 && !hasNew)) continue;
      throw new Wrong(chain, from, null, 'no checkpoint, no archive and no other chain names this chain');
    }
  }

  return {
    counts,
    /** Chains that nothing names. */
    unnamed: () => (isPartial ? [] : [...chains.keys()].filter((chain) => !known.has(chain))),
    /** The first line of an archive, and what was signed at its end. */
    archiveBegins(header, name) {
      const last = archives.at(-1);
      const first = header?.spans?.[0];
      if (header?.type !== 'mcpgate.archive' || first === undefined)
        throw new Wrong(null, null, null, `${name} does not begin as an archive does`);
      if (header.number !== (last?.number ?? 0) + 1 || header.previous?.sha256 !== last?.digest) {
        const missing = header.previous?.name ?? 'the one with the number 1';
        const why = `the archive ${missing}, which ${name} follows, is missing or another one`;
        throw new Wrong(first.chain, first.first_seq, null, why);
      }
      archive = { name: header.name, number: header.number, header, rows: 0 };
    },
    archiveEnds(signed, digest, name) {
      const { header, rows } = archive;
      const [{ chain, first_seq: from }] = header.spans;
      for (const span of header.spans) known.add(span.chain);
      if (!isSigned(keys, signed, 'mcpgate.archive'))
        throw new Wrong(chain, from, null, `what ${name} says of itself is not signed with the key`);
      const { at: _at, key: _key, rows: said, sha256: content, ...head } = signed.statement;
      const { continued: _continued, unfinished: _unfinished, version: _version, ...begun } = header;
      if (content !== digest || said !== rows || canonical(head) !== canonical(begun))
        throw new Wrong(chain, from, null, `${name} is not what was signed`);
      for (const span of header.spans) {
        const state = chains.get(span.chain);
        if (state === undefined || state.seq !== span.last_seq || state.hash !== span.hash)
          throw new Wrong(span.chain, (state?.seq ?? -1) + 1, null, `rows from here on are missing in ${name}`);
        state.archived = state.seq;
      }
      counts.archives += 1;
      archives.push({ name: archive.name, number: archive.number, digest });
      archive = undefined;
    },
    outside(signed, line, file) {
      asWritten(`line ${line} of ${file} is no checkpoint`, () =>
        checkpoint(signed, `the checkpoint in line ${line} of ${file}`, [null, null, null], true),
      );
    },
    row: (row, line) => asWritten(`line ${line} is no row of the log`, () => checkRow(row, line)),
    /** Rows that were named must be there, as they were named. Returns how many rows no checkpoint covers. */
    end() {
      meetArchives();
      for (const { chain, seq, hash, by, ofWhen } of claims) {
        const state = chains.get(chain);
        if (state === undefined) {
          if (isPartial) continue;
          throw new Wrong(chain, null, null, `the whole chain is missing: ${by} names its row ${seq}${ofWhen}`);
        }
        if (seq > state.seq) {
          if (isPartial) continue;
          throw new Wrong(chain, state.seq + 1, null, `rows from here on are missing: ${by} names row ${seq}${ofWhen}`);
        }
        if (seq < state.from) continue;
        const met = state.kept.get(seq);
        if (met === undefined && isPartial) continue;
        if (met === undefined) throw new Error('the export was changed while it was read');
        if (met.hash !== hash) throw new Wrong(chain, seq, null, `it is another row than the one that ${by} names`);
        state.covered = Math.max(state.covered, met.count);
      }
      meetUnnamed();
      let uncovered = 0;
      for (const { count, covered } of chains.values()) uncovered += count - covered;
      return uncovered;
    },
  };
}

async function* textsOf(path) {
  const raw = path === '-' ? process.stdin : createReadStream(path);
  const input = path.endsWith('.gz') ? raw.pipe(createGunzip()) : raw;
  raw.once('error', (error) => input.destroy(error));
  input.setEncoding('utf8');
  // Not by node:readline, which ends lines at U+2028, too: a text may hold that.
  let rest = '';
  for await (const chunk of input) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop();
    yield* lines;
  }
  if (rest !== '') yield rest;
}

/** What `--records` writes says what rows say, of a call in one line, under the hash of the row; it does not say the format, which each row does. */
const isRecord = (parsed) =>
  typeof parsed === 'object' && parsed !== null && 'workspace_id' in parsed && !('v' in parsed);

async function* linesOf(path, isRows = false) {
  let line = 0;
  let isFirst = true;
  for await (const text of textsOf(path)) {
    line += 1;
    if (text.trim() === '') continue;
    let parsed;
    try {
      parsed = JSON.parse(text);
    } catch {
      if (isRows && isFirst && !text.startsWith('{'))
        throw new Usage(`${path} is no export of rows: it may be a table. Export it with no --format and no --records`);
      throw new Wrong(null, null, null, `line ${line} of ${path} is not whole`);
    }
    if (isRows && isFirst && isRecord(parsed))
      throw new Usage(`${path} holds records, which are bound by nothing: export the rows, without --records`);
    isFirst = false;
    if (!isPlain(text, parsed)) {
      const why = `line ${line} of ${path} has a member twice, or a number that is not written as it is`;
      throw new Wrong(null, null, null, why);
    }
    yield [parsed, line, text];
  }
}

/** Of the other file, or of all files of the folder, as a bucket has them. */
const checkpointFiles = (path) =>
  statSync(path).isDirectory()
    ? readdirSync(path)
        .filter((name) => /\.jsonl?$/.test(name))
        .sort()
        .map((name) => join(path, name))
    : [path];

/** The rows of an export and its archives that others name; undefined where it can be read only once. */
async function namedIn(path, folder) {
  if (path === '-') return undefined;
  const named = createNamed();
  // An archive that is not whole is named when it is checked.
  for (const name of folder === undefined ? [] : archivesIn(folder))
    try {
      for await (const text of textsOf(join(folder, name))) named.line(text);
    } catch {
      break;
    }
  for await (const text of textsOf(path)) named.line(text);
  return named;
}

/** The archives of a folder, the oldest first; their names begin with their numbers. */
const archivesIn = (folder) =>
  readdirSync(folder)
    .filter((name) => /^audit-\d+-.*\.jsonl\.gz$/.test(name))
    .sort();

async function readArchives(folder, check) {
  for (const name of archivesIn(folder)) {
    const content = createHash('sha256');
    let before;
    let isBegun = false;
    try {
      for await (const line of linesOf(join(folder, name))) {
        if (before !== undefined) {
          const [parsed, number, text] = before;
          content.update(`${text}\n`, 'utf8');
          if (isBegun) check.row(parsed, number);
          else asWritten(`${name} does not begin as an archive does`, () => check.archiveBegins(parsed.archive, name));
          isBegun = true;
        }
        before = line;
      }
    } catch (error) {
      if (error instanceof Wrong) throw error;
      throw new Wrong(null, null, null, `the archive ${name} cannot be read: ${error.message}`);
    }
    if (!isBegun || before?.[0]?.statement === undefined)
      throw new Wrong(null, null, null, `the archive ${name} is not whole: it does not end with what was signed`);
    asWritten(`the archive ${name} is not in the form of one`, () =>
      check.archiveEnds(before[0], content.digest('hex'), name),
    );
  }
}

/** `1 row`, `2 rows`. */
const counted = (count, one) => `${count} ${count === 1 ? one : `${one}s`}`;

async function main(argv) {
  const { values, positionals } = parseArgs({
    args: argv,
    allowPositionals: true,
    options: {
      key: { type: 'string' },
      archives: { type: 'string' },
      checkpoints: { type: 'string' },
      partial: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return void process.stdout.write(`${USAGE}\n`);
  const [path, ...more] = positionals;
  if (path === undefined || more.length > 0 || values.key === undefined) throw new Usage(USAGE);
  const keys = keysIn(values.key);
  const check = createCheck(keys, values.partial, await namedIn(path, values.archives));
  let wrong = null;
  let uncovered = 0;
  try {
    let outside = 0;
    if (values.checkpoints !== undefined)
      for (const file of checkpointFiles(values.checkpoints))
        for await (const [checkpoint, line] of linesOf(file)) {
          check.outside(checkpoint, line, file);
          outside += 1;
        }
    if (values.checkpoints !== undefined && outside === 0)
      throw new Usage(`there is no checkpoint in ${values.checkpoints}`);
    if (values.archives !== undefined) await readArchives(values.archives, check);
    let lines = 0;
    for await (const [row, line] of linesOf(path, true)) {
      check.row(row, line);
      lines += 1;
    }
    uncovered = check.end();
    if (lines === 0) throw new Usage(`there is nothing to verify: ${path} has no rows`);
  } catch (error) {
    if (!(error instanceof Wrong)) throw error;
    wrong = error.wrong;
  }
  const { rows, withheld, checkpoints, gaps, archives } = check.counts;
  process.exitCode = wrong === null ? 0 : 1;
  if (values.json) {
    const unnamed = wrong === null ? check.unnamed() : [];
    const result = { whole: wrong === null, rows, withheld, checkpoints, gaps, archives, uncovered, unnamed, wrong };
    return void process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
  }
  if (wrong !== null) {
    const place = wrong.chain === null ? '' : `chain ${wrong.chain}${wrong.seq === null ? '' : `, row ${wrong.seq}`}`;
    process.stdout.write(`NOT WHOLE  ${place}${wrong.id === null ? '' : ` (${wrong.id})`}\n${wrong.why}\n`);
    return;
  }
  const inArchives = archives === 0 ? '' : `, ${counted(archives, 'archive')}`;
  process.stdout.write(`whole: ${counted(rows, 'row')}, ${counted(checkpoints, 'checkpoint')}${inArchives}\n`);
  if (withheld > 0)
    process.stdout.write(
      withheld === 1 ? '1 row is in it by its hash only\n' : `${withheld} rows are in it by their hashes only\n`,
    );
  if (gaps > 0)
    process.stdout.write(
      `in ${counted(gaps, 'place')} rows are not in it: each row is what its hash says, but that is all that it shows\n`,
    );
  if (uncovered > 0)
    process.stdout.write(`${uncovered} ${uncovered === 1 ? 'row is' : 'rows are'} covered by no checkpoint\n`);
  for (const chain of check.unnamed())
    process.stdout.write(`chain ${JSON.stringify(chain)} is named by no checkpoint, archive or other chain\n`);
}

if (require.main === module)
  // What is known to be wrong has been said; whatever else went wrong, nothing is known.
  main(process.argv.slice(2)).catch((error) => {
    process.stderr.write(`${error instanceof Usage ? error.message : `mcpgate-audit-verify: ${error.message}`}\n`);
    process.exitCode = 2;
  });
else module.exports = { createCheck, createNamed };
