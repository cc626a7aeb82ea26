// Turns what a person types for a broker into its origin. Plain HTTP is allowed for loopback only, because tokens must not be sent unencrypted.
import { GateError } from 'mcpgate-shared/error';

const LOOPBACK = /^(localhost|.+\.localhost|127(\.\d+){3}|\[::1\])$/;

export const isLoopback = (url: URL): boolean => LOOPBACK.test(url.hostname);

/** The origin, e.g. `https://mcp.example.com`. A missing scheme means https, or http for loopback. Throws `usage`. */
export function parseBrokerUrl(typed: string): string {
  const text = typed.trim();
  const example = 'it looks like https://mcp.example.com';
  const hasScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(text);
  const bare = hasScheme ? text : `https://${text}`;
  if (text === '' || /\s/.test(text) || !URL.canParse(bare)) {
    throw new GateError('usage', `"${typed}" is not a broker URL; ${example}`);
  }
  const url = new URL(bare);
  if (!hasScheme && isLoopback(url)) return new URL(`http://${text}`).origin;
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    throw new GateError('usage', `"${typed}" is not a broker URL; ${example}`);
  }
  if (url.username !== '' || url.password !== '') {
    throw new GateError(
      'usage',
      'the broker URL holds a user name or password; leave them out, login asks for them in the browser',
    );
  }
  if (url.protocol === 'http:' && !isLoopback(url)) {
    throw new GateError(
      'usage',
      `${url.origin} is not encrypted; use https:// (plain http is only for this machine's own broker)`,
    );
  }
  return url.origin;
}
