// Where a client that nobody has checked may have codes sent (RFC 8252, sections 7 and 8.4): https, this machine's loopback, or the private
// scheme of an application. Schemes that browsers and desktops act on by themselves are none of these.

export interface RedirectTarget {
  kind: 'web' | 'loopback' | 'app';
  /** What people are shown: the host, or the scheme of an application. */
  shownAs: string;
  /** What a content security policy calls it. */
  policySource: string;
}

const LOOPBACKS: ReadonlySet<string> = new Set(['127.0.0.1', '[::1]', 'localhost']);
/** Editors and assistants whose schemes are older than the rule that such a scheme is a domain written backwards. */
const APP_SCHEMES: ReadonlySet<string> = new Set([
  ...['vscode:', 'vscode-insiders:', 'vscodium:', 'code-oss:', 'cursor:', 'windsurf:', 'trae:', 'kiro:', 'zed:'],
  ...['jetbrains:', 'idea:', 'claude:', 'chatgpt:', 'goose:', 'raycast:', 'warp:', 'lmstudio:', 'opencode:'],
]);
const REVERSED_DOMAIN = /^[a-z][a-z0-9+-]*(\.[a-z0-9+-]+)+:$/;
const MAX_LENGTH = 512;

/** Undefined where no code may be sent there. */
export function readRedirectTarget(uri: string): RedirectTarget | undefined {
  const url = uri.length > MAX_LENGTH ? null : URL.parse(uri);
  if (url === null || url.username !== '' || url.password !== '' || uri.includes('#')) return undefined;
  const { protocol, hostname, host, origin } = url;
  if (protocol === 'https:') return { kind: 'web', shownAs: host, policySource: origin };
  if (protocol === 'http:') {
    if (!LOOPBACKS.has(hostname)) return undefined;
    // The grammar of policies has no IPv6 addresses.
    return { kind: 'loopback', shownAs: host, policySource: hostname.startsWith('[') ? 'http:' : origin };
  }
  if (!APP_SCHEMES.has(protocol) && !REVERSED_DOMAIN.test(protocol)) return undefined;
  return { kind: 'app', shownAs: `${protocol}//${host}`, policySource: protocol };
}
