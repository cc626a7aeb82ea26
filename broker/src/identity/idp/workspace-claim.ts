// The claim that names a person's workspace: one text, or a list such as that of the groups. Any other form lets nobody in.
import { claimAt } from './idp-claims.ts';
import { refused, type Refusal } from './refusal.ts';

const MAX_NAMES = 2_000;
const MAX_NAME_CHARS = 256;

/** The names in the claim of a verified token; none where it is missing, or not asked for. */
export function readWorkspaceClaim(
  claims: Readonly<Record<string, unknown>>,
  { workspaceClaim: claim, label }: { workspaceClaim: string | undefined; label: string },
): { kind: 'ok'; names: readonly string[] } | Refusal {
  const told = claim === undefined ? undefined : claimAt(claims, claim);
  if (told === undefined || told === null || told === '') return { kind: 'ok', names: [] };
  const list: unknown = typeof told === 'string' ? [told] : told;
  const form = `${label} sends your workspace in a form that this broker does not know. Ask your platform team.`;
  if (!Array.isArray(list)) return refused('workspace', form, `${claim} is of type ${typeof told}`);
  if (list.length > MAX_NAMES) return refused('workspace', form, `${claim} has ${list.length} entries`);
  const names: string[] = [];
  for (const name of list as unknown[]) {
    if (typeof name !== 'string') return refused('workspace', form, `${claim} holds a ${typeof name}`);
    if (name.length > MAX_NAME_CHARS)
      return refused('workspace', form, `${claim} holds a name of ${name.length} characters`);
    if (name !== '') names.push(name);
  }
  return { kind: 'ok', names };
}
