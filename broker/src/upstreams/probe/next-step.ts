// Says what to do about a server that failed a step of its test.
import type { ServerRecord } from '../../domain/server-record.ts';
import { runsHere } from '../../domain/transports/transports.ts';
import { inWorkspace } from '../../domain/workspace.ts';
import { attemptOf } from '../attempt.ts';
import { secretNamesOf } from '../secrets/resolved-transport.ts';

/** What counts besides the record. */
export interface Tested {
  /** A value is tried that is thrown away where it is refused: whoever tries it is told that, and what to do, by the caller. */
  isTried: boolean;
  /** Where those secrets are read that the vault does not keep, by name. */
  sources: ReadonlyMap<string, string>;
  /** Nobody is named to a server that wants to know who asks. */
  isNobody: boolean;
}

/** One line for administrators; null where the error itself says what to do. */
export function nextStep(step: string, error: unknown, record: ServerRecord, tested: Tested): string | null {
  const code = codesOf(error);
  const [secret] = secretNamesOf(record);
  const where = inWorkspace(record.workspaceId);
  const source = secret === undefined ? undefined : tested.sources.get(secret);
  const setSecret =
    source === undefined
      ? `mcpgate-broker secret set ${secret ?? 'NAME'}${where}`
      : `change the value of ${secret} where it is read from: ${source}`;
  if (step === 'secrets') return code.has('not_found') ? setSecret : null;
  if (step === 'dns') return 'check the host name of its URL, and the name servers of this host';
  if (step === 'connect')
    return 'check that the server runs, that its port is the one of its URL, and that no firewall is between';
  if (step === 'tls') {
    if (code.has('CERT_HAS_EXPIRED')) return 'its certificate has expired; its operator must renew it';
    return 'start the broker with NODE_EXTRA_CA_CERTS=FILE.pem where the authority is your own';
  }
  if (code.has('401') || code.has('403')) {
    if (tested.isTried) return null;
    if (tested.isNobody)
      return `it wants to know who asks, and nobody is named to it from here: log in as a person and test it so, with "mcpgate-broker server test ${record.name} --url https://BROKER"`;
    return secret === undefined
      ? `it wants credentials: put them into the vault with "${setSecret}", and register it with a header that refers to them`
      : `its credentials are no good: ${setSecret}`;
  }
  if (code.has('404') || code.has('405')) return 'check the path of its URL: most servers are at /mcp';
  if (code.has('timeout')) {
    const slow = 'where it is only slow, raise upstreams.start_timeout';
    return runsHere(record.transport)
      ? `${slow}; else read its stderr: mcpgate-broker server show ${record.name}${where}; an installer such as npx or uvx has the proxy and certificate variables that its record gives it, and no others: mcpgate-broker server set ${record.name} --env HTTPS_PROXY=URL${where}`
      : slow;
  }
  if (step === 'start') return 'install the command for all users of this host, or register its full path';
  if (runsHere(record.transport)) {
    return `read its stderr: mcpgate-broker server show ${record.name}${where}${secret === undefined || tested.isTried ? '' : `; where it refuses its token: ${setSecret}`}`;
  }
  return null;
}

/** The codes and HTTP statuses of an error and of what caused it. */
function codesOf(error: unknown): ReadonlySet<string> {
  const codes = new Set<string>();
  for (let each: unknown = error; each instanceof Error; each = each.cause) {
    if ('code' in each && typeof each.code === 'string') codes.add(each.code);
    const { status } = attemptOf(each);
    if (status !== undefined) codes.add(String(status));
  }
  return codes;
}
