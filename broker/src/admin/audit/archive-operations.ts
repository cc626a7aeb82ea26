// The operations on the archives of the log. An archive has rows of all workspaces, so whoever makes one is of the first workspace.
import type { z } from 'zod';
import { archivesApi, type Archive, type ArchiveLine } from 'mcpgate-shared/api/audit/archives';
import { GateError } from 'mcpgate-shared/error';
import { hasRowsOf } from '../../audit/archive/archive-statement.ts';
import type { ArchiveProgress, ArchiveView } from '../../audit/archive/archives.ts';
import type { AdminDependencies } from '../dependencies.ts';
import { isoTime } from '../iso-time.ts';
import { listOperation } from '../lists/list-operation.ts';
import { assertAtHome, streamOperation, type Caller, type Operation } from '../operation.ts';

export function archiveOperations({ archives, clock }: Pick<AdminDependencies, 'archives' | 'clock'>): Operation[] {
  function make(
    { before, dry_run: isTrial }: z.output<typeof archivesApi.make.body>,
    caller: Caller,
    signal: AbortSignal,
  ): AsyncIterable<ArchiveLine> {
    assertAtHome(caller, 'the log of all workspaces together is archived by people of the workspace default');
    const { retentionMs } = archives.state;
    const now = clock.now();
    if (before === undefined && retentionMs === undefined)
      throw new GateError('usage', 'say before when: --before 2026-01-01, or set audit.retention in the configuration');
    const cut = before === undefined ? now - (retentionMs ?? 0) : Date.parse(before);
    if (cut > now) throw new GateError('usage', 'only rows that are there can be archived: give a time that is past');
    return linesOf(archives.run({ before: cut, isTrial, by: caller.actor }, signal), signal);
  }

  return [
    listOperation(archivesApi.list, async ({ query: { since, until } }) => {
      const span = { since: msOf(since), until: msOf(until) };
      return (await archives.list()).filter((each) => hasRowsOf(each, span)).map(viewOf);
    }),
    streamOperation(archivesApi.make, ({ body }, caller, signal) => make(body, caller, signal)),
  ];
}

const msOf = (time: string | undefined): number | undefined => (time === undefined ? undefined : Date.parse(time));

async function* linesOf(steps: AsyncIterable<ArchiveProgress>, signal: AbortSignal): AsyncGenerator<ArchiveLine> {
  try {
    for await (const said of steps) {
      if (said.kind === 'progress') yield said;
      else {
        const { archives: names, rows, since, until, heldBy } = said;
        const times = rows === 0 ? { since: null, until: null } : { since: isoTime(since), until: isoTime(until) };
        yield { kind: 'done', archives: names, rows, ...times, held_by: heldBy };
      }
    }
  } catch (error) {
    // Lines may have been sent: no other status can be answered.
    if (signal.aborted || !(error instanceof GateError)) throw error;
    yield { kind: 'failed', message: error.message };
  }
}

const viewOf = ({ number, name, at, since, until, rows, bytes, sha256, isHere }: ArchiveView): Archive => ({
  ...{ number, name, at: isoTime(at), since: isoTime(since), until: isoTime(until), rows, bytes, sha256, here: isHere },
});
