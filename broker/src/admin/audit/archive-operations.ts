// The operations on the archives of the log. An archive has rows of all workspaces, so whoever makes one is of the first workspace.
import type { z } from 'zod';
import { archivesApi, type Archive, type ArchiveLine } from 'mcpgate-shared/api/audit/archives';
import { GateError } from 'mcpgate-shared/error';
import type { ArchiveView } from '../../audit/archive/archives.ts';
import { DEFAULT_WORKSPACE } from '../../domain/workspace.ts';
import type { AdminDependencies } from '../dependencies.ts';
import { isoTime } from '../iso-time.ts';
import { operation, streamOperation, type Caller, type Operation } from '../operation.ts';

export function archiveOperations({ archives, clock }: Pick<AdminDependencies, 'archives' | 'clock'>): Operation[] {
  async function* make(
    { before, dry_run: isTrial }: z.output<typeof archivesApi.make.body>,
    { homeWorkspaceId, actor }: Caller,
    signal: AbortSignal,
  ): AsyncGenerator<ArchiveLine> {
    if (homeWorkspaceId !== DEFAULT_WORKSPACE)
      throw new GateError(
        'forbidden',
        'the log of all workspaces together is archived by people of the workspace default',
      );
    const { retentionMs } = archives.state;
    const now = clock.now();
    if (before === undefined && retentionMs === undefined)
      throw new GateError('usage', 'say before when: --before 2026-01-01, or set audit.retention in the configuration');
    const cut = before === undefined ? now - (retentionMs ?? 0) : Date.parse(before);
    if (cut > now) throw new GateError('usage', 'only rows that are there can be archived: give a time that is past');
    for await (const said of archives.run({ before: cut, isTrial, by: actor }, signal)) {
      if (said.kind === 'progress') yield said;
      else {
        const { archives: names, rows, since, until, heldBy } = said;
        const times = rows === 0 ? { since: null, until: null } : { since: isoTime(since), until: isoTime(until) };
        yield { kind: 'done', archives: names, rows, ...times, held_by: heldBy };
      }
    }
  }

  return [
    operation(archivesApi.list, async ({ query: { since, until } }) => {
      const [from, to] = [
        since === undefined ? 0 : Date.parse(since),
        until === undefined ? Infinity : Date.parse(until),
      ];
      return (await archives.list()).filter((each) => each.until >= from && each.since < to).map(viewOf);
    }),
    streamOperation(archivesApi.make, ({ body }, caller, signal) => make(body, caller, signal)),
  ];
}

const viewOf = ({ number, name, at, since, until, rows, bytes, sha256, isHere }: ArchiveView): Archive => ({
  ...{ number, name, at: isoTime(at), since: isoTime(since), until: isoTime(until), rows, bytes, sha256, here: isHere },
});
