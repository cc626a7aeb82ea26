// In which workspace somebody is whom another system vouches for: the configured one, or the one that the system names. Only workspaces
// that are there, and never a guess: who is told two, or none, stays out unless the configuration says where they go.
import { DEFAULT_WORKSPACE, type WorkspaceSettings } from '../../domain/workspace.ts';
import type { Store } from '../../store/store.ts';
import { refused, type Refusal } from './refusal.ts';

/** `named`: what the system calls the person's workspace; empty where it says nothing, or is not asked. */
export type ChooseWorkspace = (named: readonly string[]) => Promise<{ kind: 'ok'; workspaceId: string } | Refusal>;

export function createWorkspaceChoice(options: {
  settings: WorkspaceSettings;
  /** Whether the system is asked: then silence is no answer. */
  asks: boolean;
  /** What people call the system. */
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
