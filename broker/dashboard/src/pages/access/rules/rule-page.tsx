// A rule, new or there already: written as a sentence or as text, tried out, and saved.
import { Alert, Button, Group, SegmentedControl, Skeleton, Stack, Text } from '@mantine/core';
import { IconInfoCircle } from '@tabler/icons-react';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import type { RuleForm } from 'mcpgate-shared/api/config/configuration';
import { rulesApi, type Rule } from 'mcpgate-shared/api/rules';
import { previewsApi, type RuleChange } from 'mcpgate-shared/api/rules/previews';
import { lazy, Suspense, useMemo, useState } from 'react';
import type { Answered } from '../../../api/call.ts';
import { Problem } from '../../../api/problem.ts';
import { useApiWithTag, useChange } from '../../../api/use-api.ts';
import { AnchorLink } from '../../../parts/links.tsx';
import { Loaded } from '../../../parts/loaded.tsx';
import { Page, Section } from '../../../parts/page.tsx';
import { ProblemAlert, ProblemView } from '../../../parts/problem-view.tsx';
import { toastDone } from '../../../parts/toast.tsx';
import { PreviewShown, since30Days } from './change-preview.tsx';
import { OF_RULES, useRemoveRule } from './remove-rule.tsx';
import { RuleBuilder } from './rule-builder.tsx';
import { askedOf, draftOf, EMPTY_DRAFT, mistakesIn, placeOf, tidied, toldOf, type Mistake } from './rule-draft.ts';
import { RuleSentence } from './rule-sentence-view.tsx';
import classes from './rules.module.css';

const RuleTextEditor = lazy(async () => ({ default: (await import('./rule-text-editor.tsx')).RuleTextEditor }));

const route = getRouteApi('/shell/access/rules/$id');

const ABOVE = [
  <AnchorLink key="rules" to="/access" search={{ tab: 'rules' }} size="sm">
    Rules
  </AnchorLink>,
];

export function NewRulePage() {
  return (
    <Page title="A new rule" lead="It holds from the next call on, once it is added." above={ABOVE}>
      <RuleEditor opened={undefined} />
    </Page>
  );
}

export function RulePage() {
  const { id } = route.useParams();
  const read = useApiWithTag(rulesApi.get, { params: { id } });
  const rule = read.data?.data;
  const navigate = useNavigate();
  const remove = useRemoveRule(() => void navigate({ to: '/access', search: { tab: 'rules' } }));
  return (
    <Page
      title={`Rule ${id}`}
      above={ABOVE}
      lead={rule && `Added by ${rule.created_by}.`}
      actions={
        rule && (
          <Button variant="default" color="red" onClick={() => remove(rule)}>
            Remove the rule
          </Button>
        )
      }
    >
      {read.error?.kind === 'not_found' ? (
        <ProblemView problem={new Problem('not_found', `There is no rule ${id}. It may have been removed.`)} />
      ) : (
        <Loaded query={read}>{(opened) => <RuleEditor key={id} opened={opened} />}</Loaded>
      )}
    </Page>
  );
}

/** `opened`: left out for a new one. What was opened stays, whatever others save meanwhile: they are told of when this is saved. */
function RuleEditor({ opened }: { opened: Answered<Rule> | undefined }) {
  const navigate = useNavigate();
  const [{ data: rule, etag } = { data: undefined, etag: undefined }] = useState(opened);
  const [draft, setDraft] = useState<RuleForm>(() => (rule === undefined ? EMPTY_DRAFT : draftOf(rule)));
  const [view, setView] = useState<'sentence' | 'text'>('sentence');
  const [isTextRule, setTextRule] = useState(true);
  const [textMistakes, setTextMistakes] = useState<readonly string[]>([]);
  const [isTried, setTried] = useState(false);
  const mistakes = mistakesIn(draft);
  const before = rule === undefined ? undefined : JSON.stringify(tidied(draftOf(rule)));
  const isSame = JSON.stringify(tidied(draft)) === before;
  const preview = useChange(previewsApi.preview);
  const { error: refusal } = preview;
  const refused = useMemo(
    (): Mistake[] => (refusal?.kind === 'refused' ? [{ path: placeOf(refusal.path), message: refusal.message }] : []),
    [refusal],
  );
  const done = (verb: string) => (added: Rule) => {
    toastDone({ message: `The rule ${added.id} was ${verb}.`, subject: `rule:${added.id}` });
    void navigate({ to: '/access', search: { tab: 'rules' } });
  };
  const add = useChange(rulesApi.add, { changes: OF_RULES });
  const replace = useChange(rulesApi.replace, { changes: OF_RULES });
  const [problem, setProblem] = useState<unknown>();
  const [isSaving, setSaving] = useState(false);

  const change = (next: RuleForm) => {
    setDraft(next);
    setTried(false);
    if (preview.error !== null) preview.reset();
  };
  const tryOut = () => {
    setProblem(undefined);
    const asked = askedOf(draft);
    const planned: RuleChange =
      rule === undefined ? { kind: 'add', rules: [asked] } : { kind: 'edit', id: rule.id, rule: asked };
    preview.mutate({ body: { change: planned, since: since30Days() } }, { onSuccess: () => setTried(true) });
  };
  const save = async () => {
    setSaving(true);
    setProblem(undefined);
    try {
      const body = askedOf(draft);
      if (rule === undefined) done('added')(await add.mutateAsync({ body }));
      else done('changed')(await replace.mutateAsync({ params: { id: rule.id }, body, ifMatch: etag }));
    } catch (error) {
      setProblem(error);
      setSaving(false);
    }
  };
  const canTry = mistakes.length === 0 && isTextRule && !isSame;
  // Nobody is told of an empty field before they had the chance to fill it.
  const shown = [...mistakes.filter(({ path }) => path.length > 1 || path[0] === 'until'), ...refused];
  return (
    <Stack gap="lg">
      {rule?.managed_by !== null && rule !== undefined && (
        <Alert
          color="yellow"
          variant="light"
          icon={<IconInfoCircle aria-hidden />}
          title="It stands in a configuration"
        >
          The next apply of {rule.managed_by} makes it again what that says. Change it there.
        </Alert>
      )}
      <Section
        title="What it says"
        actions={
          <SegmentedControl
            aria-label="Write it as"
            size="sm"
            value={view}
            data={[
              { value: 'sentence', label: 'Sentence', disabled: !isTextRule },
              { value: 'text', label: 'Text' },
            ]}
            onChange={(next) => setView(next === 'text' ? 'text' : 'sentence')}
          />
        }
      >
        <Stack gap="md">
          <div className={classes['told']} aria-live="polite">
            <RuleSentence rule={toldOf(draft)} />
          </div>
          {view === 'sentence' ? (
            <RuleBuilder draft={draft} mistakes={shown} onChange={(fields) => change({ ...draft, ...fields })} />
          ) : (
            <Suspense fallback={<Skeleton height={230} />}>
              <RuleTextEditor
                draft={draft}
                refused={refused}
                onChange={(form, found) => {
                  setTextRule(form !== undefined);
                  if (form === undefined) setTried(false);
                  else change(form);
                  setTextMistakes(found.map(({ message }) => message));
                }}
              />
              {textMistakes.length > 0 && (
                <Text size="sm" c="var(--mantine-color-error)" role="alert">
                  {textMistakes.join(' · ')}
                </Text>
              )}
              <Text size="xs" c="dimmed">
                As it stands below a name under <code>rules:</code> in a configuration file.
              </Text>
            </Suspense>
          )}
          {refused.length > 0 || preview.error === null ? (
            refused.some(({ path }) => path.length === 0 || view === 'text') && <ProblemAlert problem={preview.error} />
          ) : (
            <ProblemAlert problem={preview.error} />
          )}
          <Group justify="space-between" gap="sm">
            <Text size="sm" c="dimmed">
              {isSame
                ? 'Nothing is changed yet.'
                : mistakes.some(({ path }) => path.length === 1)
                  ? 'Say who and what.'
                  : 'Nothing is saved yet.'}
            </Text>
            <Button
              variant={isTried ? 'default' : 'filled'}
              disabled={!canTry}
              loading={preview.isPending}
              onClick={tryOut}
            >
              See what it changes
            </Button>
          </Group>
        </Stack>
      </Section>
      {isTried && preview.data !== undefined && (
        <Section title="What it would change" lead="Nothing is saved yet.">
          <Stack gap="md">
            <PreviewShown preview={preview.data} />
            <ProblemAlert problem={problem} />
            <Group justify="flex-end">
              <Button loading={isSaving} onClick={() => void save()}>
                {rule === undefined ? 'Add the rule' : 'Save the rule'}
              </Button>
            </Group>
          </Stack>
        </Section>
      )}
    </Stack>
  );
}
