// Lists all AI clients for `mcpgate status` and `doctor`: whether each is installed, and whether it is set up to start mcpgate. Changes nothing.
import { GateError } from 'mcpgate-shared/error';
import { CLIENTS } from './client-table.ts';
import { type ClientDeps, withAbsoluteDirs } from './client-deps.ts';
import { decode } from './files/decode-text.ts';
import { argumentsOf, isCurrent } from './entry-match.ts';
import { readSnapshot } from './files/file-snapshot.ts';
import { lookFor } from './find-clients.ts';
import { launcherPath } from './launcher/launcher.ts';
import { faultWords } from './files/unusable-file.ts';

export interface ClientStatus {
  name: string;
  title: string;
  path: string;
  found: boolean;
  /** Whether the client's file has the entry that starts this launcher. */
  configured: boolean;
  /** Why the client's file cannot be read; null where it can. */
  error: string | null;
}

export async function listClients(
  deps: Pick<ClientDeps, 'env' | 'platform' | 'homedir' | 'cwd' | 'configDir' | 'runtimeDir'>,
): Promise<ClientStatus[]> {
  const launcher = launcherPath(withAbsoluteDirs(deps));
  return await Promise.all(
    CLIENTS.map(async (client) => {
      const { isFound, paths } = lookFor(client, deps);
      const states = await Promise.all(paths.map((path) => isConfigured(client, path, launcher)));
      return {
        name: client.name,
        title: client.title,
        path: paths[0],
        found: isFound,
        configured: states.every((state) => state === true),
        error: states.find((state) => typeof state === 'string') ?? null,
      };
    }),
  );
}

/** Whether the file has the entry, or why that cannot be found out. */
async function isConfigured(
  client: (typeof CLIENTS)[number],
  path: string,
  launcher: string,
): Promise<boolean | string> {
  try {
    const { bytes } = await readSnapshot(path);
    const existing = client.format.read(decode(bytes, path).text, path);
    // Whichever bundle it serves.
    return isCurrent(existing, client.entry(launcher, argumentsOf(existing, client.entry(launcher, [])) ?? []));
  } catch (error) {
    if (error instanceof GateError) return faultWords(error, `run \`mcpgate install-clients ${client.name}\``);
    throw error;
  }
}
