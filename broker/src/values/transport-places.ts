// The places that a record's own values stand in.
import type { Transport } from '../domain/server-record.ts';
import { argumentPlaces } from './argument-places.ts';
import type { Place } from './place.ts';
import { referencesIn, withoutReferences } from './secret-reference.ts';

/** Variables whose value a shell or an interpreter carries out, or reads code by. */
const CARRIED_OUT =
  /^(?:BASH_ENV|ENV|NODE_OPTIONS|PERL5OPT|RUBYOPT|PYTHONSTARTUP|LD_(?:PRELOAD|AUDIT)|DYLD_INSERT_LIBRARIES)$|_COMMAND$/;

export interface TransportPlaces {
  url: Place;
  argument(index: number): Place;
  /** A variable of a command, or a header of a URL. */
  named(name: string): Place;
}

export function transportPlaces(transport: Transport): TransportPlaces {
  const args = transport.kind === 'stdio' ? argumentPlaces(transport.command, transport.args) : [];
  const kind = transport.kind === 'stdio' ? 'env' : 'header';
  return {
    url: { kind: 'url', name: 'url', label: 'the URL' },
    argument: (index) => args[index] ?? { kind: 'argument', name: '', label: 'an argument' },
    named: (name) => ({
      kind,
      name,
      label: `${kind} ${name}`,
      ...(kind === 'env' && CARRIED_OUT.test(name) ? { program: 'posix' } : {}),
    }),
  };
}

/** Every text of a record that may refer to a secret. */
function textsOf(transport: Transport): string[] {
  return transport.kind === 'stdio'
    ? [...transport.args, ...Object.values(transport.env)]
    : [transport.url, ...Object.values(transport.headers)];
}

/** Names of the secrets that a record refers to, each once. */
export function secretNamesIn(transport: Transport): string[] {
  return [...new Set(textsOf(transport).flatMap((text) => referencesIn(text).map(({ name }) => name)))];
}

/** What stands openly in a record. */
export function openTextsOf(transport: Transport): string[] {
  const named = transport.kind === 'stdio' ? [transport.command] : [];
  return [...named, ...textsOf(transport)].map(withoutReferences);
}
