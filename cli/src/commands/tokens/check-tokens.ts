// The line of `mcpgate doctor` about tokens, and the lines after `install-clients`: asks a daemon that runs, and starts none.
import { toGateError } from 'mcpgate-shared/error';
import type { CliContext } from '../../context.ts';
import { good, warning, type Finding } from '../../doctor/finding.ts';
import { openMcpSession } from '../tools/mcp-session.ts';
import type { TokenFindings } from './look-for-tokens.ts';
import { entryText, tokenText, tokenViews } from './token-view.ts';

/** With what the broker says, where a daemon is connected to it. */
export async function findTokensNow(context: CliContext): Promise<TokenFindings> {
  const { lookForTokens } = await import('./look-for-tokens.ts');
  try {
    const daemon = await context.connectDaemon({ spawn: false });
    try {
      const { link } = await daemon.status();
      if (link.state !== 'open') return await lookForTokens(context, undefined);
      const session = await openMcpSession(daemon, context.interrupted);
      try {
        return await lookForTokens(context, session);
      } finally {
        session.close();
      }
    } finally {
      daemon.close();
    }
  } catch (error) {
    // Of the daemon and its link there are lines of their own.
    const { code } = toGateError(error);
    if (code === 'internal' || code === 'cancelled') throw error;
    return await lookForTokens(context, undefined);
  }
}

export async function checkTokens(context: CliContext): Promise<Finding[]> {
  const findings = await findTokensNow(context);
  const lines = [...tokenLines(findings), ...restLines(findings)];
  if (lines.length === 0) return [good('tokens', 'no service token stands in clear in the files of AI clients')];
  return lines.map((line) => warning('tokens', line));
}

/** One line an entry: what stands in it, and what to do. */
export function tokenLines({ entries }: Pick<TokenFindings, 'entries'>): string[] {
  return entries.flatMap((asked) => {
    const views = tokenViews(asked);
    const [first] = views;
    if (first === undefined) return [];
    const what = `${asked.entry.client.title}, ${entryText(first)}: ${views.map(tokenText).join('; ')}`;
    if (asked.server === null) return [what];
    const rotate = views.some(({ secret }) => secret?.current === true) ? ', then have it replaced' : '';
    return [
      `${what}; mcpgate has ${asked.server}: \`mcpgate install-clients --clean-tokens\` takes the entry out${rotate}`,
    ];
  });
}

function restLines({ elsewhere, backups, entries, unasked }: TokenFindings): string[] {
  return [
    ...elsewhere.map(
      ({ client, file, count }) =>
        `${client.title}: ${count === 1 ? 'a token stands' : `${count} tokens stand`} in ${file} outside of its servers’ entries; that is the client’s own matter`,
    ),
    ...backups.map(
      ({ file, holds }) => `the backup ${file} holds tokens (${holds.join('; ')}): delete it once they are replaced`,
    ),
    ...(entries.length > 0 && unasked !== null && unasked !== 'not connected'
      ? [`the broker could not be asked about them: ${unasked}`]
      : []),
  ];
}
