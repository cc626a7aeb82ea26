// Runs `install-clients --clean-tokens` and `--propose` from the question to the report. Exit code 1 where a file could not be changed.
import { createInterface } from 'node:readline/promises';
import type { ProposalForm } from 'mcpgate-shared/api/laptops/proposals';
import { plainLine } from 'mcpgate-shared/plain-line';
import { GateError, toGateError } from 'mcpgate-shared/error';
import type { CliContext } from '../../context.ts';
import type { Choice, InstallClientsOptions } from '../clients/choose-clients.ts';
import { type Outcome, renderOutcome } from '../clients/render-client-outcome.ts';
import { withSession } from '../tools/with-session.ts';
import { clean, type CleaningPlan, liveSecrets, planCleaning, planLines, type Wanted } from './clean-tokens.ts';
import { lookForTokens } from './look-for-tokens.ts';
import { proposals, proposalText, propose } from './propose-servers.ts';
import { tokenViews } from './token-view.ts';

type Options = InstallClientsOptions & { readonly yes: boolean };

function wantedOf(choices: readonly Choice[], isProject: boolean): Wanted {
  const files = choices.flatMap(({ client, paths }) => paths.map((file) => ({ client, file })));
  return {
    isWanted: (file) => files.some((each) => each.file === file),
    projectFiles: isProject ? files : [],
  };
}

/** Whether it may be done: asked, unless it was said. Throws `usage` where nobody can be asked. */
async function mayGoOn({ yes, json }: Options, context: CliContext, question: string): Promise<boolean> {
  if (yes) return true;
  if (json) throw new GateError('usage', '--json asks nothing: add --yes, or --dry-run to see what would be done');
  return await confirm(context, question);
}

export async function runCleanTokens(
  options: Options,
  choices: readonly Choice[],
  context: CliContext,
): Promise<number> {
  const { dryRun: isDryRun, json, project: isProject } = options;
  const wanted = wantedOf(choices, isProject);
  const { terminal } = context;
  return await withSession(context, async (session) => {
    const plans = await planCleaning(context, session, wanted);
    const due = plans.filter(({ takes }) => takes.length > 0);
    if (!json) for (const line of plans.flatMap(planLines)) terminal.print(plainLine(line));
    let outcomes: Outcome[] = [];
    if (due.length > 0) {
      outcomes = await Promise.all(due.map((plan) => clean(plan, context, { isDryRun: true, isProject })));
      if (!json) for (const each of outcomes) terminal.print(each.diff ?? '');
      const count = due.flatMap(({ takes }) => takes).length;
      const question = `Take ${count === 1 ? 'this entry' : `these ${count} entries`} out?`;
      if (!isDryRun) {
        if (!(await mayGoOn(options, context, question))) {
          terminal.note('nothing was changed');
          return 0;
        }
        outcomes = [];
        for (const plan of due) outcomes.push(await clean(plan, context, { isDryRun: false, isProject }));
        await lookForTokens(context, session); // tells the broker how many are left
      }
    }
    report(plans, outcomes, options, context);
    return outcomes.some(({ action }) => action === 'failed') ? 1 : 0;
  });
}

function report(
  plans: readonly CleaningPlan[],
  outcomes: readonly Outcome[],
  { dryRun, json }: Options,
  { terminal }: CliContext,
): void {
  if (json) {
    const list = plans.map(({ client, file, takes, leaves }) => {
      const { action, changed, backup, error, diff } = outcomes.find(({ path }) => path === file) ?? NOTHING;
      return {
        client: client.name,
        path: file,
        action,
        changed,
        backup,
        error,
        ...(diff === undefined ? {} : { diff }),
        taken: takes.flatMap(tokenViews),
        left: leaves.flatMap(({ asked, why }) => tokenViews(asked).map((view) => ({ ...view, why }))),
      };
    });
    terminal.print(JSON.stringify(list, null, 2));
    return;
  }
  if (plans.length === 0) terminal.print('No service token stands in clear in the files of AI clients.');
  if (dryRun) return;
  for (const each of outcomes)
    terminal.print(renderOutcome(each, { dryRun, restore: false }, terminal.colour).trimEnd());
  for (const name of liveSecrets(
    plans.filter(({ file }) => outcomes.some((each) => each.path === file && each.changed)),
  ))
    terminal.print(
      `! ${name} could be read here, and is in use: have an administrator replace it (\`mcpgate-broker secret rotate ${name} --prove-dead\`)`,
    );
}

const NOTHING = { action: 'unchanged', changed: false, backup: null, error: null, diff: undefined } as const;

export async function runPropose(options: Options, choices: readonly Choice[], context: CliContext): Promise<number> {
  const { terminal } = context;
  return await withSession(context, async (session) => {
    const forms = await proposals(context, session, wantedOf(choices, options.project));
    if (forms.length > 0 && !options.json) {
      terminal.print('This is all that would be sent; each <value> stays here:');
      for (const form of forms) terminal.print(`  ${plainLine(proposalText(form))}`);
    }
    const done: { form: ProposalForm; id: string | null; state: string | null; error: string | null }[] = [];
    const isAsked = forms.length > 0 && !options.dryRun;
    if (
      isAsked &&
      !(await mayGoOn(options, context, `Offer ${forms.length === 1 ? 'it' : 'them'} to the administrators?`))
    ) {
      terminal.note('nothing was sent');
      return 0;
    }
    for (const form of forms) {
      if (options.dryRun) done.push({ form, id: null, state: null, error: null });
      else
        try {
          done.push({ form, ...(await propose(form, session, context.interrupted)), error: null });
        } catch (error) {
          const { code, message } = toGateError(error);
          if (code === 'cancelled' || code === 'internal') throw error;
          done.push({ form, id: null, state: null, error: message });
        }
    }
    if (options.json)
      terminal.print(
        JSON.stringify(
          done.map(({ form, ...rest }) => ({ ...form, ...rest })),
          null,
          2,
        ),
      );
    else if (forms.length === 0) terminal.print('The broker has a server for every entry that could be offered.');
    else if (!options.dryRun)
      for (const { form, state, error } of done)
        terminal.print(`${form.name}: ${error ?? STATES[state ?? ''] ?? state}`);
    return done.some(({ error }) => error !== null) ? 1 : 0;
  });
}

const STATES: Readonly<Record<string, string>> = {
  open: 'an administrator decides about it',
  accepted: 'was accepted already',
  declined: 'was declined by an administrator',
};

/** Asks for a yes before something is done that the person may not want. Throws `usage` where nobody is there to answer. */
export async function confirm(
  context: Pick<CliContext, 'stdin' | 'stderr' | 'stdinIsTTY' | 'interrupted'>,
  question: string,
): Promise<boolean> {
  if (!context.stdinIsTTY)
    throw new GateError('usage', 'nobody is there to be asked: add --yes, or --dry-run to see what would be done');
  const asking = createInterface({ input: context.stdin, output: context.stderr });
  try {
    return /^y(?:es)?$/i.test((await asking.question(`${question} [y/N] `, { signal: context.interrupted })).trim());
  } finally {
    asking.close();
  }
}
