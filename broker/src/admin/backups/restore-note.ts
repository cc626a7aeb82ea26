// What a restore leaves for the log: the command has no chain of its own, so the next broker that starts on the database writes it into its.
import { z } from 'zod';
import type { Audit } from '../../audit/audit.ts';
import { DEFAULT_WORKSPACE } from '../../domain/workspace.ts';
import type { Store } from '../../store/store.ts';

const RESTORED = 'restore.untold';

const NoteSchema = z.object({
  by: z.string(),
  at: z.string(),
  sha256: z.string(),
  backup_of: z.string(),
  version: z.string(),
  sessions_ended: z.boolean(),
  replaced: z.boolean(),
});

export const restoreNote = (note: z.output<typeof NoteSchema>): { name: string; value: string } => ({
  name: RESTORED,
  value: JSON.stringify(note),
});

/** Of several brokers that start at once two may tell it; none leaves it untold. */
export async function tellRestore({
  settings,
  audit,
}: {
  settings: Pick<Store['settings'], 'find' | 'remove'>;
  audit: Pick<Audit, 'event'>;
}): Promise<void> {
  const value = await settings.find(RESTORED);
  if (value === undefined) return;
  const { by, ...data } = NoteSchema.parse(JSON.parse(value));
  const facts = { workspace_id: DEFAULT_WORKSPACE, type: 'database.restored', actor: by, address: null };
  await audit.event({ ...facts, subject: `backup:${data.sha256.slice(0, 16)}`, data });
  await settings.remove(RESTORED, value);
}
