// Makes the wire to a server that is a command ready: its home, its uid, its process isolation and its limits.
import path from 'node:path';
import { limitsText } from 'mcpgate-shared/api/resource-limits';
import { shownLimits } from '../../../domain/bounds/resource-limits.ts';
import type { Transport } from '../../../domain/transports/transports.ts';
import { withHome } from '../../secrets/home-folder.ts';
import { MARK } from '../../process/leftovers.ts';
import { folderOf } from '../../process/process-home.ts';
import { maskedEvents, type PrepareWire } from '../prepared-wire.ts';
import { openStdioWire } from './stdio-wire.ts';

export const prepareStdio: PrepareWire<Transport<'stdio'>> = async (deps, transport, request) => {
  const { record, homeName, output } = request;
  const { message: messageMask } = request.mask;
  const { stderr, onNoise } = output;
  const isolator = await deps.isolator();
  const home = await deps.homes.prepare(folderOf(record), homeName);
  const { uid } = home;
  const fill = (text: string): string => withHome(text, home.directory);
  const own = Object.fromEntries(Object.entries(transport.env).map(([name, value]) => [name, fill(value)]));
  const cwd = path.resolve(home.directory, fill(transport.cwd ?? ''));
  const args = transport.args.map(fill);
  const limited = deps.limits.start(transport, args, uid !== undefined);
  const start = await isolator.start({
    server: record.name,
    home: home.directory,
    uid,
    command: transport.command,
    network: transport.network ?? 'full',
    cwd,
    env: { ...deps.baseEnv, HOME: home.directory, TMPDIR: home.temporary, ...own, [MARK]: home.directory },
    words: [transport.command, cwd, ...args],
    program: limited.program,
    args: limited.args,
  });
  const options = {
    serverName: record.name,
    command: transport.command,
    start,
    limited,
    home,
    clock: deps.clock,
    register: deps.register,
    messageMask,
    maxMessageBytes: deps.maxMessageBytes,
    onStderr: (chunk: Buffer) => stderr.push(chunk),
    stderr: () => stderr.lines(),
    onNoise,
  };
  const unkept = deps.limits.missing === null ? '' : `; others cannot be set: ${deps.limits.missing}`;
  const as = uid === undefined ? 'as the broker’s own user' : `as uid ${uid}`;
  const apart = isolator.kind === 'sandbox' ? ', in a sandbox' : isolator.kind === 'none' ? ', not isolated' : '';
  const network = transport.network === 'none' ? ' without network' : '';
  return {
    openWire: (events) => openStdioWire(options, maskedEvents(events, messageMask)),
    openSseWire: undefined,
    where: `${transport.command} ${as}${apart}${network}, ${limitsText(shownLimits(limited.limits))}${unkept}`,
    outOfReach: start.outOfReach,
  };
};
