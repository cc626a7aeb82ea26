// Lists all AI clients for `mcpgate status` and `doctor`: whether each is installed, and whether it is set up to start mcpgate. Changes nothing.
import { GateError } from 'mcpgate-shared/error';
import { CLIENTS, clientsOf } from './client-table.ts';
import { type ClientDeps, withAbsoluteDirs } from './client-deps.ts';
import { decode } from './files/decode-text.ts';
import { argumentsOf, isCurrent } from './entry-match.ts';
import { readSnapshot } from './files/file-snapshot.ts';
import { lookFor } from './find-clients.ts';
import { isChosenProfile } from '../laptop/profile-words.ts';
import { launcherPath } from './launcher/launcher.ts';
import { faultWords } from './files/unusable-file.ts';

export interface ClientStatus {
  name: string;
  title: string;
  path: string;
  found: boolean;
  /** Whether the client's file has an entry that starts this launcher and serves the profile of this command. */
  configured: boolean;
  /** Why the client's file cannot be read; null where it can. */
  error: string | null;
}

export async function listClients(
  deps: Pick<ClientDeps, 'env' | 'platform' | 'homedir' | 'cwd' | 'configDir' | 'runtimeDir' | 'profile'>,
): Promise<ClientStatus[]> {
  const launcher = launcherPath(withAbsoluteDirs(deps));
  const named = clientsOf(deps.profile);
  const served = { name: deps.profile, isChosen: isChosenProfile(deps.configDir, deps.profile) };
  return await Promise.all(
    CLIENTS.map(async (client, index) => {
      const { isFound, paths } = lookFor(client, deps);
      const own = named[index] ?? client;
      const states = await Promise.all(
        paths.map(async (path) => {
          const state = await isConfigured(own, path, launcher, served);
          return state === false ? await isConfigured(client, path, launcher, served) : state;
        }),
      );
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

/** Whether the file has the entry, and it serves this profile: by name, or as the chosen one; or why that cannot be found out. */
async function isConfigured(
  client: (typeof CLIENTS)[number],
  path: string,
  launcher: string,
  profile: { name: string; isChosen: boolean },
): Promise<boolean | string> {
  try {
    const { bytes } = await readSnapshot(path);
    const existing = client.format.read(decode(bytes, path).text, path);
    const words = argumentsOf(existing, client.entry(launcher, [])) ?? [];
    const at = words.indexOf('--profile');
    if (at === -1 ? !profile.isChosen : words[at + 1] !== profile.name) return false;
    // Whichever bundle it serves.
    return isCurrent(existing, client.entry(launcher, words));
  } catch (error) {
    if (error instanceof GateError) return faultWords(error, `run \`mcpgate install-clients ${client.name}\``);
    throw error;
  }
}
