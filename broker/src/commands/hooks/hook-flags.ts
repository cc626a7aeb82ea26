// The flags that say what a hook is like.
import type { Command } from 'commander';
import type { hooksApi } from 'mcpgate-shared/api/hooks/hooks-api';
import { fileFault } from 'mcpgate-shared/file-fault';
import { GateError } from 'mcpgate-shared/error';
import type { z } from 'zod';
import { durationFlagMs } from '../../config/duration.ts';
import { readAtMost } from '../config/bounded-file.ts';
import type { BrokerFlags } from '../server/broker-flags.ts';
import { commaList, countFlag, pairs } from '../values.ts';

const MOST_CERTIFICATE_BYTES = 1_000_000;

export interface HookFlags extends BrokerFlags {
  secret?: string | false;
  bearer?: string | false;
  timeout?: string;
  what?: string[] | false;
  approver?: string[];
  arguments?: boolean;
  kind?: string;
  format?: string;
  signingSecret?: string | false;
  map?: string[] | false;
  byEmail?: boolean;
  enable?: boolean;
  disable?: boolean;
  header?: string[] | false;
  ca?: string | false;
  certificate?: string | false;
  maxBytes?: string | false;
}

type Changes = z.input<typeof hooksApi.set.body>;

export function hookFlags(command: Command): Command {
  return command
    .option(
      '--url <url>',
      'http or https; behind the host it may hold ${secret:NAME}. log: also syslog+tls://HOST:PORT, syslog+tcp, syslog+udp',
    )
    .option('--secret <name>', 'sign what is sent with this secret')
    .option('--no-secret', 'do not sign')
    .option('--bearer <name>', 'send this secret as Authorization: Bearer')
    .option('--no-bearer', 'send none')
    .option('--timeout <time>', 'how long an answer may take: 50ms to 5s')
    .option('--enable', 'use it')
    .option('--disable', 'keep it, and do not use it')
    .option(
      '--what <what...>',
      'authorize: ask about these alone, written as in rules; log: calls, denials, begun, events, types of events',
    )
    .option('--no-what', 'authorize: ask about every call; log: send all')
    .option('--approver <who...>', 'authorize: who decides where it answers ask; left out: administrators')
    .option('--arguments', 'authorize: send the arguments of calls (unless said)')
    .option('--no-arguments', 'authorize: send their digest alone')
    .option('--format <format>', 'standard (unless said); approvals: slack; log: otlp')
    .option('--header <name:value...>', "log: further headers, as in 'api-key: ${secret:NAME}'; all of them")
    .option('--no-header', 'log: none')
    .option('--ca <file>', 'log: certificates (PEM) that are trusted instead of the system')
    .option('--no-ca', 'log: trust those of the system')
    .option('--certificate <secret>', 'log: the secret with certificate and key (PEM) that syslog+tls shows')
    .option('--no-certificate', 'log: show none')
    .option('--max-bytes <count>', 'log: the longest syslog message; 8192 unless said')
    .option('--no-max-bytes', 'log: 8192')
    .option('--signing-secret <name>', 'approvals: take decisions that are signed with this secret')
    .option('--no-signing-secret', 'approvals: take none')
    .option('--map <id=who...>', 'approvals: whose decisions they are, as in U02AB=user:ada; all of them')
    .option('--no-map', 'approvals: nobody')
    .option('--by-email', 'approvals: a signed e-mail address names a person, too')
    .option('--no-by-email', 'approvals: it does not');
}

/** What was said. Throws `usage`. */
export async function changesFrom(options: HookFlags): Promise<Changes> {
  const { url, secret, bearer, timeout, what, approver, format, signingSecret, map, byEmail, enable, disable } =
    options;
  if (enable === true && disable === true) throw new GateError('usage', 'give --enable or --disable, one of them');
  if (format !== undefined && format !== 'slack' && format !== 'standard' && format !== 'otlp')
    throw new GateError('usage', '--format is standard or slack; of the kind log, standard or otlp');
  const { header, ca, certificate, maxBytes } = options;
  return {
    ...(url !== undefined && { url }),
    ...(secret !== undefined && { secret: secret === false ? null : secret }),
    ...(bearer !== undefined && { bearer: bearer === false ? null : bearer }),
    ...(timeout !== undefined && { timeout_ms: durationFlagMs('--timeout', timeout) }),
    ...(what !== undefined && { what: what === false ? [] : commaList(what) }),
    ...(approver !== undefined && { approvers: commaList(approver) }),
    ...(options.arguments !== undefined && { sends_arguments: options.arguments }),
    ...(format !== undefined && { format }),
    ...(signingSecret !== undefined && { signing_secret: signingSecret === false ? null : signingSecret }),
    ...(map !== undefined && { people: map === false ? {} : pairs('--map', map, /=/) }),
    ...(byEmail !== undefined && { by_email: byEmail }),
    ...(header !== undefined && { headers: header === false ? {} : headersFrom(header) }),
    ...(ca !== undefined && { ca: ca === false ? null : await certificatesFrom(ca) }),
    ...(certificate !== undefined && { certificate: certificate === false ? null : certificate }),
    ...(maxBytes !== undefined && { max_bytes: maxBytes === false ? null : countFlag('--max-bytes', maxBytes) }),
    ...(enable === true && { enabled: true }),
    ...(disable === true && { enabled: false }),
  };
}

const headersFrom = (header: readonly string[]): Record<string, string> =>
  Object.fromEntries(
    Object.entries(pairs('--header', header, /[:=] ?/)).map(([name, value]) => [name.toLowerCase(), value]),
  );

async function certificatesFrom(path: string): Promise<string> {
  const bytes = await readAtMost(path, MOST_CERTIFICATE_BYTES).catch((error: unknown) => {
    throw new GateError('usage', `--ca: ${path} cannot be read: ${fileFault(error)}`, { cause: error });
  });
  if (bytes === undefined)
    throw new GateError(
      'usage',
      `--ca: ${path} is larger than ${MOST_CERTIFICATE_BYTES} bytes; give the certificates alone`,
    );
  return bytes.toString('utf8');
}
