// The texts of a server's record (or of an entry in an AI client's file) that may hold a secret or refer to one, each with its spot. The import
// finds secrets and the broker fills them in through this one list.
import { argumentSpots } from './argument-spots.ts';
import type { Spot } from './spot.ts';

interface Kinds {
  stdio: {
    readonly command: string;
    readonly args: readonly string[];
    readonly env: Readonly<Record<string, string>>;
  };
  http: { readonly url: string; readonly headers: Readonly<Record<string, string>> };
}

/** The fields of a transport that hold such texts, for the kinds `K` of transport (unless said, of any kind). */
export type RecordTexts<K extends keyof Kinds = keyof Kinds> = { [P in K]: { readonly kind: P } & Kinds[P] }[K];

/** Undefined: the argument, variable or header is left out. */
type MapText = (text: string, spot: Spot) => string | undefined;

/** Environment variables whose value a shell or an interpreter executes, or finds code by. */
const CARRIED_OUT =
  /^(?:BASH_ENV|ENV|NODE_OPTIONS|PERL5OPT|RUBYOPT|PYTHONSTARTUP|LD_(?:PRELOAD|AUDIT)|DYLD_INSERT_LIBRARIES)$|_COMMAND$/;

const URL_SPOT: Spot = { kind: 'url', name: 'url', label: 'the URL' };
const UNKNOWN_ARGUMENT: Spot = { kind: 'argument', name: '', label: 'an argument' };

/** For each kind of transport: its fields with each text replaced by `map`'s result, in the order in which a record names its secrets. */
const MAPPED: { readonly [K in keyof Kinds]: (record: RecordTexts<K>, map: MapText) => Partial<Kinds[K]> } = {
  stdio({ command, args, env }, map) {
    const spots = argumentSpots(command, args);
    return {
      args: args.flatMap((text, index) => map(text, spots[index] ?? UNKNOWN_ARGUMENT) ?? []),
      env: mapValues(env, (text, name) => map(text, variableSpot(name))),
    };
  },
  http: ({ url, headers }, map) => ({
    url: map(url, URL_SPOT) ?? '',
    headers: mapValues(headers, (text, name) => map(text, { kind: 'header', name, label: `header ${name}` })),
  }),
};

function mapped<K extends keyof Kinds>(record: RecordTexts<K>, map: MapText): Partial<Kinds[K]> {
  return MAPPED[record.kind](record, map);
}

/** The record with each of its texts replaced by `map`'s result, or left out; a URL that is left out is empty. */
export function mapTexts<T extends RecordTexts>(record: T, map: MapText): T {
  return { ...record, ...mapped(record, map) };
}

/** Every such text of a record, with its spot. */
export function textsOf(record: RecordTexts): { text: string; spot: Spot }[] {
  const texts: { text: string; spot: Spot }[] = [];
  mapTexts(record, (text, spot) => {
    texts.push({ text, spot });
    return text;
  });
  return texts;
}

const variableSpot = (name: string): Spot => ({
  kind: 'env',
  name,
  label: `env ${name}`,
  ...(CARRIED_OUT.test(name) ? { program: 'posix' } : {}),
});

function mapValues(
  values: Readonly<Record<string, string>>,
  map: (value: string, name: string) => string | undefined,
): Record<string, string> {
  const mapped = Object.entries(values).map(([name, value]) => [name, map(value, name)] as const);
  return Object.fromEntries(mapped.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
}
