// `bundle …`: curated sets of tools with names, texts and fixed arguments of their own.
import { Command } from 'commander';
import { bundlesApi, type BundleView, type NewBundleTool } from 'mcpgate-shared/api/bundles/bundles';
import { GateError } from 'mcpgate-shared/error';
import { plainLine } from 'mcpgate-shared/plain-line';
import { adminOptions, withSession, type AdminOptions, type AdminSession } from './session/admin-session.ts';
import type { CommandContext } from './context.ts';
import { askedOption, assertRemoval, type AskedOptions } from './terminal/confirm.ts';
import { toolNamed } from './tool/tool-named.ts';
import { ago } from './terminal/table.ts';

interface BundleOptions extends AdminOptions {
  description?: string;
  without?: string[];
}

export function bundleCommand(context: CommandContext): Command {
  const command = new Command('bundle').description('curated sets of tools, with their own names, texts and arguments');
  const add = adminOptions(command.command('add <name>').description('add a bundle, reached at /mcp/NAME'));
  const added = toolOptions(add);
  add
    .option('--description <text>', 'what it is for; AI clients read it')
    .action(
      async (name: string, options: BundleOptions) =>
        await withSession(context, options, (session) => addBundle(session, name, added(), options)),
    );
  adminOptions(command.command('list').description('all bundles')).action(
    async (options: AdminOptions) => await withSession(context, options, listBundles),
  );
  adminOptions(command.command('show <name>').description('one bundle')).action(
    async (name: string, options: AdminOptions) =>
      await withSession(context, options, async ({ api, show }) => {
        const bundle = await api.call(bundlesApi.show, { params: { name } });
        show(bundle, [described(bundle), ...warned(bundle)].join('\n'));
      }),
  );
  const set = adminOptions(command.command('set <name>').description('change a bundle; holds from the next call on'));
  const put = toolOptions(set);
  set
    .option('--without <tool...>', 'take tools out: SERVER__TOOL, or the name in the bundle')
    .option('--description <text>', 'what it is for; empty: nothing is said')
    .action(
      async (name: string, options: BundleOptions) =>
        await withSession(context, options, (session) => setBundle(session, name, put(), options)),
    );
  askedOption(adminOptions(command.command('remove <name>').description('remove a bundle; its tools stay'))).action(
    async (name: string, options: AskedOptions) =>
      await withSession(context, options, async ({ api, show }) => {
        await api.call(bundlesApi.show, { params: { name } });
        await assertRemoval(context, options, `the bundle ${name}`);
        const bundle = await api.call(bundlesApi.remove, { params: { name } });
        const groups = bundle.groups.length === 0 ? '' : `; ${bundle.groups.join(', ')} get every server again`;
        const still = bundle.rules.map(
          (id) => `  ! rule ${id} still names it, and would mean another bundle of that name`,
        );
        show(bundle, [`removed ${bundle.name}${groups}`, ...still].join('\n'));
      }),
  );
  return command;
}

/** `--tool`, and what is said of the tool before it. Returns what was given on this run. */
function toolOptions(command: Command): () => NewBundleTool[] {
  let tools: NewBundleTool[] = [];
  const last = (flag: string): NewBundleTool => {
    const tool = tools.at(-1);
    if (tool === undefined)
      throw new GateError('usage', `${flag} says something of the --tool before it; there is none`);
    return tool;
  };
  command
    .option(
      '--tool <tool>',
      'SERVER__TOOL, or its own name where one server has it; what follows is about this one',
      (tool: string) => void tools.push({ tool }),
    )
    .option('--as <name>', 'its name in the bundle', (as: string) => void Object.assign(last('--as'), { as }))
    .option('--describe <text>', 'its description in the bundle', (describe: string) => {
      Object.assign(last('--describe'), { describe });
    })
    .option(
      '--fix <arg=value>',
      'an argument that every call gets; the value is JSON, or else text',
      (text: string) => {
        const tool = last('--fix');
        const [name, value] = fixedOf(text);
        tool.fix = { ...tool.fix, ...Object.fromEntries([[name, value]]) };
      },
    );
  return () => {
    const given = tools;
    tools = [];
    return given;
  };
}

type Json = NonNullable<NewBundleTool['fix']>[string];

function fixedOf(text: string): [name: string, value: Json] {
  const at = text.indexOf('=');
  if (at <= 0) throw new GateError('usage', '--fix is ARGUMENT=VALUE, as in --fix owner=acme');
  const name = text.slice(0, at);
  const value = valueOf(text.slice(at + 1));
  // The API refuses bodies with members of this name, wherever they stand, without saying which one it is.
  if (namesIn(name, value).includes('__proto__'))
    throw new GateError('usage', 'an argument named __proto__ cannot be fixed');
  return [name, value];
}

function valueOf(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    // What is no JSON is a text: nobody should have to quote `acme` twice.
    return text;
  }
}

function namesIn(name: string, value: Json): string[] {
  if (typeof value !== 'object' || value === null) return [name];
  return [name, ...Object.entries(value).flatMap(([own, each]) => namesIn(own, each))];
}

async function addBundle(
  { api, show }: AdminSession,
  name: string,
  given: NewBundleTool[],
  { description }: BundleOptions,
): Promise<void> {
  if (given.length === 0) throw new GateError('usage', 'give at least one --tool SERVER__TOOL');
  const tools = await withServers(api, given);
  const bundle = await api.call(bundlesApi.add, {
    body: { name, tools, ...(description !== undefined && { description }) },
  });
  show(
    bundle,
    [
      `added ${described(bundle)}`,
      ...warned(bundle),
      '',
      `AI clients reach it with \`mcpgate install-clients --bundle ${name}\`, \`mcpgate serve --bundle ${name}\`, or at /mcp/${name}`,
    ].join('\n'),
  );
}

async function setBundle(
  { api, show }: AdminSession,
  name: string,
  given: NewBundleTool[],
  { description, without = [] }: BundleOptions,
): Promise<void> {
  if (given.length === 0 && without.length === 0 && description === undefined)
    throw new GateError('usage', 'say what changes: --tool, --without or --description');
  const body = {
    tools: await withServers(api, given),
    without,
    ...(description !== undefined && { description: description === '' ? null : description }),
  };
  const bundle = await api.call(bundlesApi.set, { params: { name }, body });
  show(bundle, [described(bundle), ...warned(bundle)].join('\n'));
}

/** Tools that were named without their servers, with them. */
async function withServers(api: AdminSession['api'], given: readonly NewBundleTool[]): Promise<NewBundleTool[]> {
  const tools: NewBundleTool[] = [];
  for (const each of given) tools.push({ ...each, tool: await toolNamed({ api }, each.tool) });
  return tools;
}

const warned = ({ warnings }: { warnings: readonly string[] }): string[] =>
  warnings.map((line) => `  ! ${plainLine(line)}`);

function described({ name, description, tools, groups, managed_by: managedBy }: BundleView): string {
  const lines = tools.flatMap((each) => {
    const fixed = Object.entries(each.fixed).map(([argument, value]) => `${argument}=${JSON.stringify(value)}`);
    const what = each.tool ?? 'a tool of a server that is removed';
    const told = each.description === null ? [] : [`    ${plainLine(each.description)}`];
    return [`  ${each.name}  ${what}${fixed.length === 0 ? '' : `  with ${fixed.join(', ')}`}`, ...told];
  });
  const of = groups.length === 0 ? [] : [`  the default of ${groups.join(', ')}`];
  const by = managedBy === null ? [] : [`  managed by ${managedBy}`];
  return [`${name}${description === null ? '' : `: ${description}`}`, ...lines, ...of, ...by].join('\n');
}

async function listBundles({ api, list, context }: AdminSession): Promise<void> {
  const bundles = await api.call(bundlesApi.list, {});
  const row = (index: number): string[] => {
    const bundle = bundles[index];
    if (bundle === undefined) return [];
    const { name, tools, groups, description, updated_at: at } = bundle;
    return [name, String(tools.length), groups.join(', '), description ?? '', ago(at, context.now())];
  };
  list(bundles, ['BUNDLE', 'TOOLS', 'DEFAULT OF', 'DESCRIPTION', 'CHANGED'], row, 'no bundles yet');
}
