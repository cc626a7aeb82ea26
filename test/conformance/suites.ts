// The official conformance suites as programs: which scenarios a set of requirements has, and what the checks of one scenario say.
import { createRequire } from 'node:module';
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { runCommand } from '../world/command.ts';

export type Role = 'server' | 'client';

export interface RequirementSet {
  /** As `--set` takes it. */
  readonly name: string;
  /** The program of the suite. */
  readonly program: string;
  /** The version that its scenarios speak. */
  readonly version: '2025-03-26' | '2025-11-25' | '2026-07-28';
  readonly list: (role: Role) => readonly string[];
  /** What selects the version when one scenario runs. */
  readonly select: readonly string[];
}

/** What one scenario's checks came to: by id, the worst of those that share one. Empty: the suite had nothing to check. */
export type Checks = ReadonlyMap<string, CheckStatus>;
export type CheckStatus = 'SKIPPED' | 'INFO' | 'SUCCESS' | 'WARNING' | 'FAILURE';

export interface ScenarioResult {
  readonly checks: Checks;
  /** What the suite printed: for the report of a failure. */
  readonly output: string;
}

/** Stands among the checks where the suite did not come to its end in time. */
const SUITE_FINISHED = 'suite-finished';

const ORDER: readonly CheckStatus[] = ['SKIPPED', 'INFO', 'SUCCESS', 'WARNING', 'FAILURE'];
const CheckFile = z.array(
  z.object({ id: z.string(), status: z.enum(['SKIPPED', 'INFO', 'SUCCESS', 'WARNING', 'FAILURE']) }),
);

const require = createRequire(import.meta.url);
const first = require.resolve('conformance-old/dist/index.js');
const current = require.resolve('@modelcontextprotocol/conformance/dist/index.js');
const required = (version: '2025-11-25' | '2026-07-28'): RequirementSet => ({
  name: version,
  program: current,
  version,
  list: () => ['list', '--requirements', version],
  // Forced: what is no part of the version itself (an extension) is run as the requirement set has it.
  select: ['--spec-version', version, '--force'],
});

export const REQUIREMENT_SETS: readonly RequirementSet[] = [
  { name: '0.1', program: first, version: '2025-11-25', list: (role) => ['list', `--${role}`], select: [] },
  {
    ...{ name: '2025-03-26', program: current, version: '2025-03-26' },
    // Of that version the current suite has clients' scenarios alone.
    list: (role) => (role === 'client' ? ['list', '--client', '--spec-version', '2025-03-26'] : []),
    select: ['--spec-version', '2025-03-26'],
  },
  required('2025-11-25'),
  required('2026-07-28'),
];

const suite = (set: RequirementSet, args: readonly string[], env: NodeJS.ProcessEnv = {}) =>
  runCommand([process.execPath, set.program, ...args], {
    env: { PATH: process.env['PATH'], NO_COLOR: '1', ...env },
    deadlineMs: 60_000,
  });

/** Every scenario of `set` for `role`: required ones and those that the suite runs without scoring them. */
export async function scenariosOf(set: RequirementSet, role: Role): Promise<string[]> {
  if (set.list(role).length === 0) return [];
  const { code, stdout, stderr } = await suite(set, set.list(role));
  if (code !== 0) throw new Error(`${set.program} list exited ${code}: ${stderr}`);
  const found: string[] = [];
  let section: string | undefined;
  for (const line of stdout.split('\n')) {
    section = /^(Server|Client) scenarios/.exec(line)?.[1]?.toLowerCase() ?? section;
    const [, name, tag] = /^ +- (\S+)(?: \[(.*)\])?$/.exec(line) ?? [];
    if (name === undefined) continue;
    if ((tag === 'server' || tag === 'client' ? tag : section) === role) found.push(name);
  }
  if (found.length === 0) throw new Error(`${set.name}: no ${role} scenarios in\n${stdout}`);
  return found;
}

/** Runs one scenario against the server at `url`. */
export const runServerScenario = (set: RequirementSet, scenario: string, url: string): Promise<ScenarioResult> =>
  runScenario(set, ['server', '--url', url, '--scenario', scenario, ...set.select]);

/** Runs one scenario that starts `command` as the client, with the scenario's URL as its last argument. */
export const runClientScenario = (
  set: RequirementSet,
  scenario: string,
  command: string,
  env: NodeJS.ProcessEnv,
): Promise<ScenarioResult> =>
  runScenario(set, ['client', '--command', command, '--scenario', scenario, ...set.select], env);

async function runScenario(
  set: RequirementSet,
  args: readonly string[],
  env?: NodeJS.ProcessEnv,
): Promise<ScenarioResult> {
  const folder = mkdtempSync(join(tmpdir(), 'mg-conformance-'));
  try {
    const ran = await suite(set, [...args, '--output-dir', folder], env).then(
      ({ stdout, stderr }) => ({ finished: true, output: `${stdout}\n${stderr}` }),
      (error: unknown) => ({ finished: false, output: String(error) }),
    );
    const checks = new Map<string, CheckStatus>();
    for (const file of globSync('**/checks.json', { cwd: folder })) {
      for (const { id, status } of CheckFile.parse(JSON.parse(readFileSync(join(folder, file), 'utf8')))) {
        const known = checks.get(id);
        if (known === undefined || ORDER.indexOf(status) > ORDER.indexOf(known)) checks.set(id, status);
      }
    }
    if (!ran.finished) checks.set(SUITE_FINISHED, 'FAILURE');
    return { checks, output: ran.output };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
