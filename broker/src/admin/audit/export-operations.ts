// The operations by which the log is taken out.
import type { z } from 'zod';
import { exportsApi } from 'mcpgate-shared/api/audit/exports';
import { GateError } from 'mcpgate-shared/error';
import type { ExportEnds, ExportFilter, ExportFormat, ExportPlace } from '../../audit/export/export-order.ts';
import { askedOfCalls } from '../../audit/export/export-order.ts';
import type { AdminDependencies } from '../dependencies.ts';
import { BEGUN, operation, streamOperation, type Caller, type Operation } from '../operation.ts';
import { createReadLog } from './audit-reads.ts';

type Asked = z.output<typeof exportsApi.records.query>;

export function exportOperations({
  audit,
  proofs,
  clock,
}: Pick<AdminDependencies, 'audit' | 'proofs' | 'clock'>): Operation[] {
  const reads = createReadLog(audit, clock);

  /** What is wrong about the question is said before anything is answered. */
  function exported(
    format: ExportFormat,
    { after, as_of: asOf, limit, ...asked }: Asked,
    isLinked: boolean,
    caller: Caller,
    signal: AbortSignal,
  ): AsyncIterable<string | Uint8Array | typeof BEGUN> {
    const filter: ExportFilter = {
      ...asked,
      since: asked.since === undefined ? undefined : Date.parse(asked.since),
      until: asked.until === undefined ? undefined : Date.parse(asked.until),
    };
    const ofCalls = askedOfCalls(filter);
    if (
      ofCalls !== undefined &&
      (filter.type !== undefined || filter.subject !== undefined || filter.what === 'events')
    )
      throw new GateError('usage', `${ofCalls}: events have none`);
    const going = {
      after: after === undefined ? undefined : readPlace(after),
      ends: asOf === undefined ? undefined : readEnds(asOf),
    };
    const { workspaceId } = caller;
    const said = { format, ...(isLinked ? { linked: 'true' } : {}), ...asked, after, limit };
    const parts = proofs.exports.parts(
      { format, filter, isLinked, limit, ...going, workspaceId },
      signal,
      async () => await reads.note(caller, 'audit.exported', said),
    );
    return (async function* () {
      for await (const data of parts) yield data.length === 0 ? BEGUN : data;
    })();
  }

  return [
    operation(exportsApi.start, async () => {
      const { ends, rows } = await proofs.exports.ends();
      return { as_of: endsText(ends), rows };
    }),
    streamOperation(exportsApi.rows, ({ query: { linked, ...query } }, caller, signal) =>
      exported('rows', query, linked === 'true', caller, signal),
    ),
    streamOperation(exportsApi.records, ({ query }, caller, signal) => exported('jsonl', query, false, caller, signal)),
    streamOperation(exportsApi.csv, ({ query }, caller, signal) => exported('csv', query, false, caller, signal)),
    streamOperation(exportsApi.parquet, ({ query }, caller, signal) =>
      exported('parquet', query, false, caller, signal),
    ),
  ];
}

function readPlace(text: string): ExportPlace {
  const at = text.lastIndexOf('#');
  return { chain: text.slice(0, at), seq: Number(text.slice(at + 1)) };
}

const endsText = (ends: ExportEnds): string =>
  ends.map(([chain, lastSeq]) => `${chain.toString(36)}.${(lastSeq + 1).toString(36)}`).join('-') || '0.0';

const readEnds = (text: string): ExportEnds =>
  text.split('-').map((each): [number, number] => {
    const [chain = '', rows = ''] = each.split('.');
    return [Number.parseInt(chain, 36), Number.parseInt(rows, 36) - 1];
  });
