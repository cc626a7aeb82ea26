// The texts of a server's record, or of an entry for it in an AI client's file, that may hold a secret or refer to one, each with the place
// where it stands. What looks for secrets and what puts them in go through the same list.
import { argumentPlaces } from './argument-places.ts';
import type { Place } from './place.ts';

interface Kinds {
  stdio: {
    readonly command: string;
    readonly args: readonly string[];
    readonly env: Readonly<Record<string, string>>;
  };
  http: { readonly url: string; readonly headers: Readonly<Record<string, string>> };
}

/** As much of a record as holds such texts; of one kind, or of any where none is named. */
export type RecordTexts<K extends keyof Kinds = keyof Kinds> = { [P in K]: { readonly kind: P } & Kinds[P] }[K];

type MapText = (text: string, place: Place) => string;

/** Variables whose value a shell or an interpreter carries out, or reads code by. */
const CARRIED_OUT =
  /^(?:BASH_ENV|ENV|NODE_OPTIONS|PERL5OPT|RUBYOPT|PYTHONSTARTUP|LD_(?:PRELOAD|AUDIT)|DYLD_INSERT_LIBRARIES)$|_COMMAND$/;

const URL_PLACE: Place = { kind: 'url', name: 'url', label: 'the URL' };
const UNKNOWN_ARGUMENT: Place = { kind: 'argument', name: '', label: 'an argument' };

/** The fields that hold such texts, each text replaced by what `map` makes of it; in the order in which a record names its secrets. */
const MAPPED: { readonly [K in keyof Kinds]: (record: RecordTexts<K>, map: MapText) => Partial<Kinds[K]> } = {
  stdio({ command, args, env }, map) {
    const places = argumentPlaces(command, args);
    return {
      args: args.map((text, index) => map(text, places[index] ?? UNKNOWN_ARGUMENT)),
      env: mapValues(env, (text, name) => map(text, variablePlace(name))),
    };
  },
  http: ({ url, headers }, map) => ({
    url: map(url, URL_PLACE),
    headers: mapValues(headers, (text, name) => map(text, { kind: 'header', name, label: `header ${name}` })),
  }),
};

function mapped<K extends keyof Kinds>(record: RecordTexts<K>, map: MapText): Partial<Kinds[K]> {
  return MAPPED[record.kind](record, map);
}

/** The record with each of its texts replaced by what `map` makes of it. */
export function mapTexts<T extends RecordTexts>(record: T, map: MapText): T {
  return { ...record, ...mapped(record, map) };
}

/** Every such text, with where it stands. */
export function textsOf(record: RecordTexts): { text: string; place: Place }[] {
  const texts: { text: string; place: Place }[] = [];
  mapTexts(record, (text, place) => {
    texts.push({ text, place });
    return text;
  });
  return texts;
}

const variablePlace = (name: string): Place => ({
  kind: 'env',
  name,
  label: `env ${name}`,
  ...(CARRIED_OUT.test(name) ? { program: 'posix' } : {}),
});

function mapValues(
  values: Readonly<Record<string, string>>,
  map: (value: string, name: string) => string,
): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, map(value, name)]));
}
