#!/usr/bin/env node
// Verifies an export of the audit log (`mcpgate-broker audit export`) against the public key of its checkpoints, without the broker, its database or
// anything else than Node 20 or later: this file can be copied anywhere. What is checked, byte for byte: docs/audit-format.md.
'use strict';
const { createHash, createPublicKey, verify } = require('node:crypto');
const { createReadStream, readFileSync } = require('node:fs');
const { createInterface } = require('node:readline');
const { parseArgs } = require('node:util');
const { createGunzip } = require('node:zlib');

const USAGE = `usage: mcpgate-audit-verify EXPORT --key FILE [--checkpoints FILE] [--partial] [--json]

  EXPORT              rows as JSON lines, from mcpgate-broker audit export; may end with .gz; - is stdin
  --key FILE          the public key, from mcpgate-broker audit key: PEM, a JWK or a set of JWKs
  --checkpoints FILE  checkpoints that were kept elsewhere, one a line
  --partial           the export is a part of the log, by time or by what was asked for: rows that it does not hold are not missed
  --json              the result as one JSON document

exit codes: 0 whole, 1 something is not as it was written, 2 usage`;

const NO_HASH = '0'.repeat(64);
const HASH = /^[0-9a-f]{64}$/;

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

function hashOf({ hash: _hash, seal: _seal, ...row }) {
  if (row.v !== 1) return sha256(canonical(row));
  const { id, workspace_id, ts, chain, seq, type, call_id, actor, subject, server, tool_name, data } = row;
  const list = [id, workspace_id, ts, chain, seq, type, call_id, actor, subject, server, tool_name, data];
  return sha256(`${row.prev_hash}\n${JSON.stringify(list)}`);
}

/** By the id of a key; the key `undefined` is for every id. */
function readKeys(text) {
  if (text.includes('-----BEGIN')) {
    const pems = text.match(/-----BEGIN PUBLIC KEY-----[^-]+-----END PUBLIC KEY-----/g) ?? [];
    if (pems.length === 0) throw new Usage('there is no public key in the file');
    return pems.map((pem) => ({ id: undefined, key: createPublicKey(pem) }));
  }
  const parsed = JSON.parse(text);
  return (parsed.keys ?? [parsed]).map((key) => ({ id: key.kid, key: createPublicKey({ key, format: 'jwk' }) }));
}

function isSigned(keys, { statement, signature }) {
  if (statement?.type !== 'mcpgate.checkpoint' || statement.v !== 1) return false;
  const bytes = Buffer.from(canonical(statement), 'utf8');
  return keys.some(
    ({ id, key }) =>
      (id === undefined || id === statement.key) && verify(null, bytes, key, Buffer.from(signature, 'base64url')),
  );
}

function createCheck(keys, isPartial) {
  /** By name: the last row, the first place, and the hashes of rows that somebody may name. */
  const chains = new Map();
  const claims = [];
  const counts = { rows: 0, withheld: 0, checkpoints: 0, gaps: 0 };

  function claim(heads, by) {
    for (const { chain, seq, hash } of heads) claims.push({ chain, seq, hash, by });
  }

  function checkpoint(signed, by, place) {
    if (!isSigned(keys, signed)) throw new Wrong(...place, `${by} is not signed with the key`);
    counts.checkpoints += 1;
    claim(signed.statement.heads, by);
  }

  function begin(row) {
    const { chain, seq, v } = row;
    const first = v === 1 ? 1 : 0;
    if (seq !== first && !isPartial) throw new Wrong(chain, first, null, `it is missing: the next row is ${seq}`);
    const isFirst = seq === first;
    if (isFirst && v === 2 && row.type !== 'chain.begun' && row.withheld !== true)
      throw new Wrong(chain, seq, row.id ?? null, 'a chain begins with another row');
    const state = { seq: seq - 1, hash: isFirst ? NO_HASH : row.prev_hash, from: seq, hashes: [] };
    chains.set(chain, state);
    return state;
  }

  return {
    counts,
    outside: (signed, line) =>
      checkpoint(signed, `the checkpoint in line ${line} of the other file`, [null, null, null]),
    row(row, line) {
      const { chain, seq, hash, id = null } = row;
      if (typeof chain !== 'string' || !Number.isSafeInteger(seq) || !HASH.test(hash))
        throw new Wrong(null, null, null, `line ${line} is no row of the log`);
      const state = chains.get(chain) ?? begin(row);
      if (isPartial && seq > state.seq + 1) {
        // What stands between is not in the export: the row hangs on a hash that nobody shows.
        counts.gaps += 1;
        state.seq = seq - 1;
        state.hash = row.prev_hash;
        state.hashes.length = seq - state.from;
      }
      if (seq !== state.seq + 1) {
        const why = seq > state.seq ? `it is missing: the next row is ${seq}` : `row ${seq} stands here instead`;
        throw new Wrong(chain, state.seq + 1, null, why);
      }
      if (row.prev_hash !== state.hash) throw new Wrong(chain, seq, id, 'it does not follow the row before it');
      if (row.withheld === true) counts.withheld += 1;
      else {
        if (hashOf(row) !== hash) throw new Wrong(chain, seq, id, 'what it says is not what was written');
        counts.rows += 1;
        if (row.type === 'chain.begun') {
          if (seq !== 0) throw new Wrong(chain, seq, id, 'a chain begins once, with its first row');
          claim(row.details.predecessors, `the beginning of ${chain}`);
        }
        if (row.type === 'chain.checkpoint')
          checkpoint(row.details, `row ${seq} of ${chain}, a checkpoint,`, [chain, seq, id]);
      }
      state.seq = seq;
      state.hash = hash;
      state.hashes.push(Buffer.from(hash, 'hex'));
    },
    /** Rows that were named must be there, as they were named. Returns how many rows no checkpoint covers. */
    end() {
      const signed = new Map();
      for (const { chain, seq, hash, by } of claims) {
        const state = chains.get(chain);
        if (state === undefined) {
          if (isPartial) continue;
          throw new Wrong(chain, null, null, `the whole chain is missing: ${by} names its row ${seq}`);
        }
        if (seq > state.seq) {
          if (isPartial) continue;
          throw new Wrong(chain, state.seq + 1, null, `rows from here on are missing: ${by} names row ${seq}`);
        }
        if (seq < state.from || state.hashes[seq - state.from] === undefined) continue;
        if (state.hashes[seq - state.from].toString('hex') !== hash)
          throw new Wrong(chain, seq, null, `it is another row than the one that ${by} names`);
        signed.set(chain, Math.max(seq, signed.get(chain) ?? -1));
      }
      let uncovered = 0;
      for (const [name, { from, hashes }] of chains)
        hashes.forEach((_hash, index) => (uncovered += from + index > (signed.get(name) ?? -1) ? 1 : 0));
      return uncovered;
    },
  };
}

async function* linesOf(path) {
  const raw = path === '-' ? process.stdin : createReadStream(path);
  const input = path.endsWith('.gz') ? raw.pipe(createGunzip()) : raw;
  let line = 0;
  const failed = new Promise((_resolve, reject) => raw.once('error', reject).once('error', () => input.destroy()));
  failed.catch(() => undefined);
  const lines = createInterface({ input, crlfDelay: Infinity })[Symbol.asyncIterator]();
  for (;;) {
    const next = await Promise.race([lines.next(), failed]);
    if (next.done === true) return;
    line += 1;
    if (next.value.trim() === '') continue;
    let parsed;
    try {
      parsed = JSON.parse(next.value);
    } catch {
      throw new Wrong(null, null, null, `line ${line} of ${path} is not whole`);
    }
    yield [parsed, line];
  }
}

async function main(argv) {
  const { values, positionals } = parseArgs({
    args: argv,
    allowPositionals: true,
    options: {
      key: { type: 'string' },
      checkpoints: { type: 'string' },
      partial: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return void process.stdout.write(`${USAGE}\n`);
  const [path, ...more] = positionals;
  if (path === undefined || more.length > 0 || values.key === undefined) throw new Usage(USAGE);
  const check = createCheck(readKeys(readFileSync(values.key, 'utf8')), values.partial);
  let wrong = null;
  let uncovered = 0;
  try {
    if (values.checkpoints !== undefined)
      for await (const [checkpoint, line] of linesOf(values.checkpoints)) check.outside(checkpoint, line);
    for await (const [row, line] of linesOf(path)) check.row(row, line);
    uncovered = check.end();
  } catch (error) {
    if (!(error instanceof Wrong)) throw error;
    wrong = error.wrong;
  }
  const { rows, withheld, checkpoints, gaps } = check.counts;
  process.exitCode = wrong === null ? 0 : 1;
  if (values.json) {
    const result = { whole: wrong === null, rows, withheld, checkpoints, gaps, uncovered, wrong };
    return void process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
  }
  if (wrong !== null) {
    const place = wrong.chain === null ? '' : `chain ${wrong.chain}${wrong.seq === null ? '' : `, row ${wrong.seq}`}`;
    process.stdout.write(`NOT WHOLE  ${place}${wrong.id === null ? '' : ` (${wrong.id})`}\n${wrong.why}\n`);
    return;
  }
  process.stdout.write(`whole: ${rows} rows, ${checkpoints} checkpoints\n`);
  if (withheld > 0) process.stdout.write(`${withheld} rows are in it by their hashes only\n`);
  if (gaps > 0)
    process.stdout.write(
      `in ${gaps} places rows are not in it: each row is what its hash says, but that is all that it shows\n`,
    );
  if (uncovered > 0) process.stdout.write(`${uncovered} rows are covered by no checkpoint\n`);
}

main(process.argv.slice(2)).catch((error) => {
  const isUsage = error instanceof Usage || error?.code?.startsWith?.('ERR_PARSE_ARGS') === true;
  process.stderr.write(`${error instanceof Usage ? error.message : `mcpgate-audit-verify: ${error.message}`}\n`);
  process.exitCode = isUsage ? 2 : 1;
});
