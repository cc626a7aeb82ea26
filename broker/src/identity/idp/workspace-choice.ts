// Chooses the workspace of a person for whom the company's IdP or a trusted proxy (here: the system) vouches: the configured one, or the one that the
// system names. It is never guessed: a person for whom two workspaces are named is refused, and so is one for whom none is named that exists,
// unless the configuration says where these go.
import { DEFAULT_WORKSPACE, type WorkspaceSettings } from '../../domain/workspace.ts';
import type { Store } from '../../store/store.ts';
import { claimAt } from './idp-claims.ts';
import { refused, type Refusal } from './refusal.ts';

/** `named`: the system's names for the person's workspace; empty where it names none, or is not asked. */
export type ChooseWorkspace = (named: readonly string[]) => Promise<{ kind: 'ok'; workspaceId: string } | Refusal>;

export function createWorkspaceChoice(options: {
  settings: WorkspaceSettings;
  /** Whether the system is asked for the workspace. Then a person for whom it names none does not go to the default one. */
  asks: boolean;
  /** The system's name in messages for people. */
  toldBy: string;
  workspaces: Pick<Store['workspaces'], 'list'>;
}): ChooseWorkspace {
  const { settings, asks, toldBy, workspaces } = options;
  const { workspace: configured, workspaceMapping: mapping } = settings;
  const toOurs = (name: string): string[] => {
    if (mapping === undefined) return [name];
    return Object.hasOwn(mapping, name) ? [mapping[name] ?? ''] : [];
  };

  return async (named) => {
    const elseIn = configured ?? (asks ? undefined : DEFAULT_WORKSPACE);
    if (named.length === 0 && elseIn === DEFAULT_WORKSPACE) return { kind: 'ok', workspaceId: DEFAULT_WORKSPACE };
    const there = new Set((await workspaces.list()).map(({ name }) => name));
    const [first, ...others] = new Set(named.flatMap(toOurs).filter((name) => there.has(name)));
    const asNamed = named.slice(0, 3).join(', ').slice(0, 200);
    if (others.length > 0) {
      const message = `${toldBy} names more than one workspace for you, and a person is in one. Ask your platform team.`;
      return refused('workspace', message, asNamed);
    }
    const workspaceId = first ?? elseIn;
    if (workspaceId !== undefined && there.has(workspaceId)) return { kind: 'ok', workspaceId };
    if (workspaceId !== undefined) {
      const message = 'Your workspace does not exist on this broker yet. Ask your platform team.';
      return refused('workspace', message, `there is no workspace ${workspaceId}`);
    }
    return named.length === 0
      ? refused('workspace', `${toldBy} does not say to which workspace you belong. Ask your platform team.`)
      : refused('workspace', `${toldBy} names no workspace of this broker for you. Ask your platform team.`, asNamed);
  };
}

/** The workspace in whose log is recorded what the IdP says as long as nobody's workspace is known: its own, else the default one. */
export const createHomeOf =
  (settings: Pick<WorkspaceSettings, 'workspace'>, workspaces: Pick<Store['workspaces'], 'has'>) =>
  async (): Promise<string> => {
    const { workspace = DEFAULT_WORKSPACE } = settings;
    return (await workspaces.has(workspace)) ? workspace : DEFAULT_WORKSPACE;
  };

const MAX_NAMES = 2_000;
const MAX_NAME_CHARS = 256;

/**
 * The names in the claim of a verified ID token that names the person's workspace: one text, or a list such as that of the groups. Any other form is
 * refused. No names where the claim is missing, or none is configured.
 */
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
