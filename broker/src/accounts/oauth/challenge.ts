// What a server says of how to get access, in its `WWW-Authenticate` header (RFC 6750, section 3; RFC 9728, section 5.1).

export interface BearerChallenge {
  resourceMetadata: string | undefined;
  scopes: readonly string[];
  error: string | undefined;
}

const NAME = String.raw`[!#$%&'*+.^_|~0-9A-Za-z-]+`;
const PARAMETER = new RegExp(String.raw`(?:^|[\s,])(${NAME})\s*=\s*(?:"((?:[^"\\]|\\.)*)"|(${NAME}))`, 'g');

/** Of the header as it came; every scheme's parameters are taken for the bearer's, as there is none that has the same. */
export function readChallenge(header: string | undefined): BearerChallenge {
  const parameters = new Map<string, string>();
  for (const [, name = '', quoted, plain] of (header ?? '').slice(0, 8_192).matchAll(PARAMETER)) {
    const value = quoted?.replaceAll(/\\(.)/g, '$1') ?? plain ?? '';
    if (!parameters.has(name.toLowerCase())) parameters.set(name.toLowerCase(), value);
  }
  return {
    resourceMetadata: parameters.get('resource_metadata'),
    scopes: scopesOf(parameters.get('scope')),
    error: parameters.get('error'),
  };
}

export function scopesOf(text: string | undefined): string[] {
  return [...new Set((text ?? '').split(' ').filter((scope) => /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(scope)))];
}
