// What `mcpgate install-clients` was asked, and which AI clients that means.
import { GateError } from 'mcpgate-shared/error';
import type { Client } from '../../clients/client.ts';
import type { ClientDeps } from '../../clients/client-deps.ts';
import { CLIENTS, clientsOf, findClient } from '../../clients/client-table.ts';
import { lookFor, projectPath } from '../../clients/find-clients.ts';

export interface InstallClientsOptions {
  readonly names: readonly string[];
  readonly dryRun: boolean;
  readonly all: boolean;
  readonly project: boolean;
  readonly uninstall: boolean;
  readonly restore: boolean;
  readonly json: boolean;
  /** The bundle that is served; false: every server; undefined: as the entry has it. */
  readonly bundle?: string | false | undefined;
}

export interface Choice {
  client: Client;
  isWanted: boolean;
  paths: readonly string[];
}

/** The clients that were named, or all known ones. Those that are not installed stay in the list, so that the output mentions them. */
export function choose({ names, all, project }: InstallClientsOptions, deps: ClientDeps): Choice[] {
  for (const name of names) {
    const client = findClient(name);
    if (client === undefined)
      throw new GateError('usage', `unknown AI client ${JSON.stringify(name)}: mcpgate knows ${knownClients()}`);
    if (project && client.projectFile === undefined) {
      throw new GateError('usage', `${client.title} has no project file: leave ${name} or --project out`);
    }
  }
  return clientsOf(deps.pinnedProfile).flatMap((client): Choice[] => {
    const isNamed = names.includes(client.name);
    if (!isNamed && names.length > 0 && !all) return [];
    const { isFound, paths } = lookFor(client, deps);
    if (!project) return [{ client, isWanted: isNamed || isFound, paths }];
    const path = projectPath(client, deps);
    return path === undefined ? [] : [{ client, isWanted: isNamed || isFound, paths: [path] }];
  });
}

export function knownClients(): string {
  return CLIENTS.map(({ name }) => name).join(', ');
}
