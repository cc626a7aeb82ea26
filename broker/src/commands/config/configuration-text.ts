// A configuration as YAML: always in the same order, without what is usual, with comments above.
import type { Configuration } from 'mcpgate-shared/api/config/configuration';
import { isMap, isSeq, stringify, visit, Document } from 'yaml';

const HEADS: Readonly<Partial<Record<keyof Configuration, string>>> = {
  secrets:
    'Secrets that servers refer to, by name. Their values never stand here: `from` says where one is read, else it must have been set.',
  servers: 'Servers, as `server edit` has them. Values refer to secrets: ${secret:NAME}.',
  bundles: 'Curated sets of tools.',
  people: 'Roles of people who are more than members.',
  groups: 'Groups with all of their members.',
  rules: 'Who may do what: deny wins, no match denies. A name is the id of its rule.',
  hooks: 'Addresses that are asked about calls, or told what waits for a yes.',
  enforcement: 'off: rules are not asked; observe: a deny is only recorded; enforce: a deny denies.',
};
const ORDER = ['name', 'secrets', 'servers', 'bundles', 'people', 'groups', 'rules', 'hooks', 'enforcement'] as const;

/** `about`: sentences that stand at the top. */
export function configurationText(configuration: object, about: readonly string[]): string {
  const head = about.map((line) => `# ${line}\n`).join('');
  const parts = ORDER.flatMap((key) => {
    const value: unknown = Reflect.get(configuration, key);
    if (value === undefined || (typeof value === 'object' && value !== null && Object.keys(value).length === 0))
      return [];
    const comment = HEADS[key];
    return [`\n${comment === undefined ? '' : `# ${comment}\n`}${sectionText({ [key]: value })}`];
  });
  return `${head}\nversion: 1\n${parts.join('')}`;
}

function sectionText(section: object): string {
  const document = new Document(section);
  visit(document, {
    Pair(_key, { key, value }) {
      // Nothing to say: an empty table of variables, or of arguments.
      const isEmpty = (isMap(value) || isSeq(value)) && value.items.length === 0;
      if (isEmpty && ['args', 'env', 'headers', 'limits'].includes(String(key))) return visit.REMOVE;
      return undefined;
    },
    // Short lists of words stand on one line.
    Seq(_key, node) {
      const text = stringify(node.toJSON());
      if (!/\n {2,}\S|: /.test(text) && text.length < 100) node.flow = true;
    },
  });
  return document.toString({ lineWidth: 0 });
}
