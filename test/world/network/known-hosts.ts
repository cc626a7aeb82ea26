// Names that only some processes know: a hosts file of their own, through libnss_wrapper.
import { globSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The environment of a process that knows these names (name → address), and no other process does. */
export function knowingHosts(folder: string, hosts: Readonly<Record<string, string>>): Record<string, string> {
  const [library] = globSync('/usr/lib/*/libnss_wrapper.so');
  if (library === undefined) throw new Error('libnss_wrapper is not installed (Debian: libnss-wrapper)');
  const file = join(folder, 'hosts');
  const lines = Object.entries(hosts).map(([name, address]) => `${address} ${name}\n`);
  writeFileSync(file, lines.join(''));
  return { LD_PRELOAD: library, NSS_WRAPPER_HOSTS: file };
}
