// Takes the secrets out of a server's configuration: each becomes a `${secret:SERVER-key}` reference, and what surrounds it (a scheme
// such as `Bearer`, a flag, the rest of a URL) stays readable in the record.
import type { Transport } from '../domain/server-record.ts';
import { hasSecretReference, secretReference } from './secret-references.ts';
import { isPlaceholder, isSecretName, isSecretValue, isTrivialValue } from './secret-shape.ts';

export interface FoundSecret {
  /** Name in the vault. */
  name: string;
  /** Where it stood: `env GITHUB_TOKEN`, `header Authorization`, `argument --api-key`, `url parameter token`. */
  from: string;
  /** Undefined: only a placeholder stood there. */
  value: string | undefined;
}

export interface Extraction {
  transport: Transport;
  found: readonly FoundSecret[];
}

const SCHEME = /^(bearer|basic|token|apikey|api-key|key)\s+(?=\S)/i;

/** `isTaken`: names in the vault that belong to something else. */
export function extractSecrets(server: string, transport: Transport, isTaken: (name: string) => boolean): Extraction {
  const found: FoundSecret[] = [];

  const take = (key: string, from: string, value: string | undefined): string => {
    const same = found.find((secret) => value !== undefined && secret.value === value);
    if (same !== undefined) return secretReference(same.name);
    const name = freeName(
      server,
      key,
      (candidate) => isTaken(candidate) || found.some((secret) => secret.name === candidate),
    );
    found.push({ name, from, value });
    return secretReference(name);
  };

  /** `value` under `key`, its secret part replaced. */
  const replace = (key: string, from: string, value: string, named: boolean): string => {
    if (hasSecretReference(value)) return value;
    const scheme = SCHEME.exec(value)?.[0] ?? '';
    const rest = value.slice(scheme.length);
    if (isPlaceholder(rest)) return named ? scheme + take(key, from, undefined) : value;
    if (/^[a-z][a-z0-9+.-]*:\/\//i.test(rest)) {
      const url = replaceInUrl(rest, key);
      if (url !== rest || !named || /url|uri|endpoint|host/i.test(key)) return scheme + url;
    }
    if ((named || scheme !== '') && !isTrivialValue(rest)) return scheme + take(key, from, rest);
    return isSecretValue(rest) ? scheme + take(key, from, rest) : value;
  };

  const replaceInUrl = (text: string, key: string): string => {
    const parts = /^([a-z][a-z0-9+.-]*:\/\/)(?:([^/?#@]*)@)?([^/?#]*)([^?#]*)(?:\?([^#]*))?(#.*)?$/i.exec(text);
    if (parts === null || hasSecretReference(text)) return text;
    const [, scheme = '', userinfo, host = '', path = '', query, fragment = ''] = parts;
    const colon = userinfo?.indexOf(':') ?? -1;
    let user = '';
    if (userinfo !== undefined) {
      const password = colon === -1 ? userinfo : userinfo.slice(colon + 1);
      const isSecret = colon !== -1 || isSecretValue(password);
      const before = colon === -1 ? '' : userinfo.slice(0, colon + 1);
      user = `${isSecret && password !== '' && !isPlaceholder(password) ? before + take(`${key}-password`, 'url password', password) : userinfo}@`;
    }
    const newPath = path
      .split('/')
      .map((segment) => (isSecretValue(segment) ? take(`${key}-path`, 'url path', segment) : segment))
      .join('/');
    const newQuery = query
      ?.split('&')
      .map((pair) => {
        const end = pair.indexOf('=');
        if (end === -1) return pair;
        const [name, value] = [pair.slice(0, end), pair.slice(end + 1)];
        return `${name}=${replace(name, `url parameter ${name}`, value, isSecretName(name))}`;
      })
      .join('&');
    return `${scheme}${user}${host}${newPath}${newQuery === undefined ? '' : `?${newQuery}`}${fragment}`;
  };

  const replaceAll = (values: Readonly<Record<string, string>>, kind: 'env' | 'header'): Record<string, string> =>
    Object.fromEntries(
      Object.entries(values).map(([key, value]) => [key, replace(key, `${kind} ${key}`, value, isSecretName(key))]),
    );

  const replaceArgument = (argument: string, before: string | undefined): string => {
    const assigned = /^(-{0,2}[A-Za-z][\w.-]*)=(.*)$/s.exec(argument);
    if (assigned !== null) {
      const [, key = '', value = ''] = assigned;
      const pair = key.startsWith('-') ? /^([A-Za-z_][\w.-]*)([=:])(.*)$/s.exec(value) : null;
      if (pair !== null && !isSecretName(key) && /^-{1,2}(e|env|H|header)$/.test(key))
        return `${key}=${replaceArgument(value, undefined)}`;
      return `${key}=${replace(key, `argument ${key}`, value, isSecretName(key))}`;
    }
    const header = /^([A-Za-z][A-Za-z0-9-]*)(:\s*)(\S.*)$/s.exec(argument);
    if (
      header !== null &&
      !argument.includes('://') &&
      (isSecretName(header[1] ?? '') || /^--?(H|header)$/.test(before ?? ''))
    ) {
      const [, key = '', separator = '', value = ''] = header;
      return `${key}${separator}${replace(key, `argument ${key}`, value, isSecretName(key))}`;
    }
    if (before !== undefined && /^--?[A-Za-z]/.test(before) && !before.includes('=') && !argument.startsWith('-')) {
      const isHolder = /^-{1,2}(e|env|H|header)$/.test(before);
      return replace(before, `argument ${before}`, argument, !isHolder && isSecretName(before));
    }
    return argument.startsWith('-') ? argument : replace('argument', 'argument', argument, false);
  };

  if (transport.kind === 'http') {
    const headers = replaceAll(transport.headers, 'header');
    return { transport: { ...transport, url: replaceInUrl(transport.url, 'url'), headers }, found };
  }
  const env = replaceAll(transport.env, 'env');
  const args = transport.args.map((argument, index) => replaceArgument(argument, transport.args[index - 1]));
  return { transport: { ...transport, args, env }, found };
}

/** `SERVER-key` in lower case; the server's name is not said twice; a number where the name is taken. */
function freeName(server: string, key: string, isTaken: (name: string) => boolean): string {
  const plain = key
    .replace(/([a-z0-9])([A-Z])/g, '$1-$2')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');
  const base = (plain.startsWith(`${server}-`) ? plain : `${server}-${plain || 'secret'}`).slice(0, 120);
  if (!isTaken(base)) return base;
  for (let number = 2; ; number++) {
    if (!isTaken(`${base}-${number}`)) return `${base}-${number}`;
  }
}
