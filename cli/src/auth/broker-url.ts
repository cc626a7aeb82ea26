// What a person may type for a broker, as its origin. Plain HTTP is for loopback only: a token must not travel in the clear.
import { GateError } from 'mcpgate-shared/error';

const LOOPBACK = /^(localhost|.+\.localhost|127(\.\d+){3}|\[::1\])$/;

export const isLoopback = (url: URL): boolean => LOOPBACK.test(url.hostname);

/** The origin, e.g. `https://mcp.example.com`; a missing scheme is https, on loopback http. Throws `usage`. */
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
