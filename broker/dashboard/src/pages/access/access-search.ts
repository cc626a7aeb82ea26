// What the address of the page Access says: its tab, and what each tab filters.
import { z } from 'zod';

const text = z.string().optional().catch(undefined);

export const AccessSearchSchema = z.object({
  tab: z.enum(['requests', 'rules', 'matrix', 'bundles', 'why']).optional().catch(undefined),
  /** Of rules: what their sentences hold. */
  q: text,
  /** Of the matrix: parts of names. */
  person: text,
  group: text,
  server: text,
  tool: text,
  /** Of the bundles: the one that is open; empty: a new one. */
  bundle: text,
  /** Of the question why: a person or a grant, and a tool. */
  who: text,
  what: text,
});
export type AccessSearch = z.output<typeof AccessSearchSchema>;
