// Where a client that nobody has checked may have its authorization codes sent (RFC 8252, sections 7 and 8.4): to https, to the loopback of the
// person's computer, or to the private scheme of an application. Schemes that browsers and desktops handle themselves (`file:`, `mailto:`) are refused.

export interface RedirectTarget {
  kind: 'web' | 'loopback' | 'app';
  /** For people: the host, or the scheme of an application. */
  shownAs: string;
  /** For the `form-action` of the consent page's content security policy. */
  policySource: string;
}

const LOOPBACKS: ReadonlySet<string> = new Set(['127.0.0.1', '[::1]', 'localhost']);
/** Schemes of editors and assistants that do not follow the rule that a private scheme is a reversed domain name (`com.example.app:`). */
const APP_SCHEMES: ReadonlySet<string> = new Set([
  ...['vscode:', 'vscode-insiders:', 'vscodium:', 'code-oss:', 'cursor:', 'windsurf:', 'trae:', 'kiro:', 'zed:'],
  ...['jetbrains:', 'idea:', 'claude:', 'chatgpt:', 'goose:', 'raycast:', 'warp:', 'lmstudio:', 'opencode:'],
]);
const REVERSED_DOMAIN = /^[a-z][a-z0-9+-]*(\.[a-z0-9+-]+)+:$/;
const MAX_LENGTH = 512;

/** Reads a redirect URI; undefined where no code may be sent there. */
export function readRedirectTarget(uri: string): RedirectTarget | undefined {
  const url = uri.length > MAX_LENGTH ? null : URL.parse(uri);
  if (url === null || url.username !== '' || url.password !== '' || uri.includes('#')) return undefined;
  const { protocol, hostname, host, origin } = url;
  if (protocol === 'https:') return { kind: 'web', shownAs: host, policySource: origin };
  if (protocol === 'http:') {
    if (!LOOPBACKS.has(hostname)) return undefined;
    // The grammar of content security policies has no IPv6 addresses.
    return { kind: 'loopback', shownAs: host, policySource: hostname.startsWith('[') ? 'http:' : origin };
  }
  if (!APP_SCHEMES.has(protocol) && !REVERSED_DOMAIN.test(protocol)) return undefined;
  return { kind: 'app', shownAs: `${protocol}//${host}`, policySource: protocol };
}
