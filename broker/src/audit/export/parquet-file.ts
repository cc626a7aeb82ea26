// Records as one Parquet file, of which a group of rows at a time is in memory. The codec is Snappy, which every reader knows.
import { ByteWriter, ParquetWriter } from 'hyparquet-writer';
import { RECORD_COLUMNS, type Cell, type ColumnKind, type RecordLine } from './record-columns.ts';

type SchemaElement = ConstructorParameters<typeof ParquetWriter>[0]['schema'][number];

const TYPES = {
  text: { type: 'BYTE_ARRAY', converted_type: 'UTF8' },
  json: { type: 'BYTE_ARRAY', converted_type: 'UTF8' },
  time: { type: 'INT64', converted_type: 'TIMESTAMP_MILLIS' },
  whole: { type: 'INT64' },
  number: { type: 'DOUBLE' },
} as const satisfies Record<ColumnKind, Partial<SchemaElement>>;

/** Each has a value in every line. */
const REQUIRED: ReadonlySet<string> = new Set([
  'chain',
  'seq',
  'type',
  'id',
  'ts',
  'workspace_id',
  'prev_hash',
  'hash',
]);

const SCHEMA: SchemaElement[] = [
  { name: 'root', num_children: RECORD_COLUMNS.length },
  ...RECORD_COLUMNS.map(([name, kind]): SchemaElement => ({
    name,
    repetition_type: REQUIRED.has(name) ? 'REQUIRED' : 'OPTIONAL',
    ...TYPES[kind],
  })),
];

/** Hardly one of them stands in two lines, and none is found by what lies between two: they are written as they are. */
const UNIQUE: ReadonlySet<string> = new Set(['args_digest', 'prev_hash', 'hash', 'intent_prev_hash', 'intent_hash']);
const AS_IT_IS = { encoding: 'PLAIN', codec: 'UNCOMPRESSED', statistics: false } as const;

function emptyColumns() {
  return RECORD_COLUMNS.map(([name, kind]) => {
    const data: unknown[] = [];
    if (!UNIQUE.has(name))
      return { about: { name }, data, add: (cell: Cell): void => void data.push(valueOf(kind, cell)) };
    // As bytes: of each text the library would make an encoder.
    const add = (cell: Cell): void => void data.push(cell === null ? null : Buffer.from(String(cell), 'utf8'));
    return { about: { name, ...AS_IT_IS }, data, add };
  });
}

/**
 * So many lines are a group: 10 to 15 MB while it is written. V8 has a place of its own for arrays of more than 16,000 values, and tidies all of the young
 * memory each time that it is full: with groups of 20,000 lines a file takes half as long again.
 */
const GROUP = 10_000;
/** Fewer are a group where their own texts are longer than so many characters together: a change of rules may say more than a thousand calls. */
const MOST_CHARS = 16 * 1024 * 1024;

/** At its end it says of which row its last line is: `mcpgate.last`. */
export interface ParquetFile {
  /** The bytes that are ready. */
  add(lines: readonly RecordLine[]): Uint8Array | undefined;
  end(): Uint8Array;
}

export function createParquetFile(about: Readonly<Record<string, string>>): ParquetFile {
  const bytes = new ByteWriter(1024 * 1024);
  const kvMetadata = Object.entries(about).map(([key, value]) => ({ key, value }));
  const file = new ParquetWriter({ writer: bytes, schema: SCHEMA, kvMetadata, createdBy: 'mcpgate' });
  let columns = emptyColumns();
  let lines = 0;
  let chars = 0;
  let last = '';

  function group(): void {
    if (lines === 0) return;
    const columnData = columns.map(({ about, data }) => ({ ...about, data }));
    [columns, lines, chars] = [emptyColumns(), 0, 0];
    void file.write({ columnData, rowGroupSize: GROUP });
  }
  /** What the writer has made is handed over, and its buffer used again. */
  function taken(): Uint8Array {
    const made = bytes.getBytes().slice();
    bytes.index = 0;
    return made;
  }

  return {
    add(more) {
      for (const line of more) {
        let column = 0;
        for (const { cells, texts } of line) {
          for (const cell of cells) {
            columns[column++]?.add(cell);
            // What many lines have in common is in memory once.
            if (texts === undefined && typeof cell === 'string') chars += cell.length;
          }
        }
      }
      lines += more.length;
      const [chain, seq] = more.at(-1)?.[0]?.cells ?? [];
      if (chain !== undefined) last = `${chain}#${seq}`;
      if (lines < GROUP && chars < MOST_CHARS) return undefined;
      group();
      return taken();
    },
    end() {
      group();
      kvMetadata.push({ key: 'mcpgate.last', value: last });
      void file.finish();
      return taken();
    },
  };
}

function valueOf(kind: ColumnKind, cell: Cell): unknown {
  if (cell === null) return null;
  if (kind === 'time') return BigInt(Date.parse(String(cell)));
  return kind === 'whole' ? BigInt(cell) : cell;
}
