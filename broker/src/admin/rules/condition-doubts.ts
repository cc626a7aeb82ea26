// What in the conditions and sums of a rule does not fit the arguments of the things that it is about, by what their servers said of them. A schema may
// change, so this is a warning and no refusal.
import { RoleSchema } from 'mcpgate-shared/api/fields';
import { nearest } from 'mcpgate-shared/nearest';
import { PLAIN_RULE, type Rule } from '../../domain/rule.ts';
import { argumentSchema, type ArgumentSchema } from '../../policy/conditions/argument-schema.ts';
import { compileExpression, isMistaken, type Expression } from '../../policy/conditions/cel.ts';
import { scopeOfRules } from '../../policy/previews/access.ts';
import { compileGlob } from '../../policy/glob.ts';
import { type KnownThing, MOST_JUDGED } from './known-world.ts';

const MOST_NAMED = 3;

export function doubtsAboutConditions(
  rule: Pick<Rule, 'what' | 'when' | 'limits'>,
  things: readonly KnownThing[],
  now: number,
): string[] {
  const values = doubtsAboutValues(rule);
  const expressions = expressionsOf(rule).filter(({ read }) => read.reads.has('args'));
  if (expressions.length === 0) return values;
  const { isAboutThing } = scopeOfRules([probe(rule.what)], now);
  const globs = rule.what.map(compileGlob);
  const isNamed = ({ ways }: KnownThing): boolean =>
    globs.some((glob) => ways.some((names) => names.some((name) => glob.matches(name))));
  const isAbout = things.length > MOST_JUDGED ? isNamed : isAboutThing;
  const about: Meant[] = [];
  for (const thing of things) {
    if (thing.argumentSchema === undefined || !isAbout(thing)) continue;
    about.push({ name: thing.name, schema: argumentSchema(thing.argumentSchema) });
    if (about.length >= MOST_JUDGED) break;
  }
  return [
    ...values,
    ...expressions.flatMap(({ text, read }) => [...aboutNames(read, about), ...aboutTypes(text, read, about)]),
  ];
}

/** All that these ever are. */
const VALUES: Readonly<Record<string, readonly string[]>> = {
  'tool.class': ['read', 'write'],
  'user.role': RoleSchema.options,
};

/** Of comparisons with a text that is never there. */
function doubtsAboutValues(rule: Pick<Rule, 'when' | 'limits'>): string[] {
  const compared = expressionsOf(rule).flatMap(({ read }) => read.compared);
  const doubts = compared.flatMap(({ member, value }) => {
    const values = VALUES[member];
    if (values === undefined || values.includes(value)) return [];
    const near = nearest(value, values);
    return [
      `${member} is never ${JSON.stringify(value)}; it is ${values.map((each) => `"${each}"`).join(' or ')}${near === undefined ? '' : `; did you mean "${near}"?`}`,
    ];
  });
  return [...new Set(doubts)];
}

/** Of arguments that a bundle fixes, and that the tool is not said to take. */
export function doubtsAboutFixed(tool: string, fixed: readonly string[], things: readonly KnownThing[]): string[] {
  const found = things.find(({ name, argumentSchema: said }) => name === tool && said !== undefined);
  if (found === undefined) return [];
  const without = { name: tool, schema: argumentSchema(found.argumentSchema) };
  return fixed.filter((name) => without.schema.has([name]) === 'missing').map((name) => missing([name], [without]));
}

interface Meant {
  name: string;
  schema: ArgumentSchema;
}

function expressionsOf({ when, limits }: Pick<Rule, 'when' | 'limits'>): { text: string; read: Expression }[] {
  const texts = [
    ...(when === undefined ? [] : [{ text: when, result: 'bool' as const }]),
    ...limits.flatMap(({ sum }) => (sum === undefined ? [] : [{ text: sum, result: 'number' as const }])),
  ];
  return texts.flatMap(({ text, result }) => {
    const read = compileExpression(text, result);
    return isMistaken(read) ? [] : [{ text, read }];
  });
}

function aboutNames({ named }: Expression, about: readonly Meant[]): string[] {
  const paths = new Map(named.map(({ path }) => [JSON.stringify(path), path]));
  return [...paths.values()].flatMap((path) => {
    const without = about.filter(({ schema }) => schema.has(path) === 'missing');
    const [first] = without;
    if (first === undefined) return [];
    const name = path.join('.');
    const isAskedFor = named.some((each) => each.isAskedFor && each.path.every((part, at) => part === path[at]));
    if (without.length < about.length)
      return isAskedFor
        ? []
        : [
            `${name}: ${without.length} of ${about.length} tools and prompts have no argument of that name (${fewOf(without)}), and their calls are denied where it is read; has(…) asks whether it is there`,
          ];
    return [missing(path, without)];
  });
}

function missing(path: readonly string[], without: readonly Meant[]): string {
  const near = nearName(path, without);
  const meant = near === undefined ? '' : ` did you mean ${near}?`;
  return `${path.join('.')}:${meant} ${fewOf(without)} ${without.length === 1 ? 'has' : 'have'} no argument of that name`;
}

function nearName(path: readonly string[], without: readonly Meant[]): string | undefined {
  const name = path.join('.');
  // A name with a dot in it is written otherwise than one of a member's member.
  if (path.length > 1 && without.some(({ schema }) => schema.has([name]) === 'named')) return `args["${name}"]`;
  const near = nearest(path.at(-1) ?? '', [...new Set(without.flatMap(({ schema }) => schema.beside(path)))]);
  return near === undefined ? undefined : [...path.slice(0, -1), near].join('.');
}

function aboutTypes(text: string, read: Expression, about: readonly Meant[]): string[] {
  const firsts = [...new Set(read.named.flatMap(({ path: [first] }) => first ?? []))];
  const byTypes = new Map<string, Meant[]>();
  for (const each of about) {
    const key = JSON.stringify(firsts.map((name) => each.schema.typeOf(name)));
    byTypes.set(key, [...(byTypes.get(key) ?? []), each]);
  }
  return [...byTypes.values()].flatMap((alike) => {
    const [one] = alike;
    const types = new Map(firsts.map((name) => [name, one?.schema.typeOf(name) ?? 'any']));
    const mistake = read.typeMistake(types);
    if (mistake === undefined) return [];
    const said = firsts
      .filter((name) => types.get(name) !== 'any')
      .map((name) => `${name} is ${TYPES[types.get(name) ?? 'any']}`);
    return [`${text.slice(mistake.at)}: ${mistake.message}; of ${fewOf(alike)} ${said.join(', ')}`];
  });
}

const TYPES = {
  string: 'a text',
  number: 'a number',
  bool: 'true or false',
  strings: 'a list of texts',
  numbers: 'a list of numbers',
  any: 'anything',
} as const;

function fewOf(of: readonly Meant[]): string {
  const names = of.slice(0, MOST_NAMED).map(({ name }) => name);
  const more = of.length - names.length;
  return more === 0 ? names.join(', ') : `${names.join(', ')} and ${more} more`;
}

const probe = (what: readonly string[]): Rule => ({
  ...PLAIN_RULE,
  ...{ id: 'probe', effect: 'allow', who: ['*'], what, createdAt: 0, createdBy: '' },
});
