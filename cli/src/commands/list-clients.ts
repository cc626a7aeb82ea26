// The AI clients of this computer, as `mcpgate status` tells of them.
import type { CliContext } from '../context.ts';

export interface ClientStatus {
  /** As `mcpgate install-clients` takes it. */
  name: string;
  title: string;
  installed: boolean;
  /** Whether the entry `mcpgate` is in its file. */
  configured: boolean;
}

export async function listClients(_context: CliContext): Promise<ClientStatus[]> {
  return Promise.resolve([]);
}
