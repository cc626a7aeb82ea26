// Why a call is denied, or allowed: the same question that the gateway asks, of a call that nobody makes.
import { Autocomplete, Button, Group, Stack, Text, Textarea } from '@mantine/core';
import { getRouteApi } from '@tanstack/react-router';
import { rulesApi, type Verdict } from 'mcpgate-shared/api/rules';
import { useEffect, useState } from 'react';
import { useApi, useChange } from '../../../api/use-api.ts';
import { Facts } from '../../../parts/facts.tsx';
import { AnchorLink } from '../../../parts/links.tsx';
import { Section } from '../../../parts/page.tsx';
import { ProblemAlert } from '../../../parts/problem-view.tsx';
import { StatusBadge } from '../../../parts/status-badge.tsx';
import { DECISION } from '../access-words.ts';
import { useKnownNames } from '../known-names.ts';
import { RuleSentence } from '../rules/rule-sentence-view.tsx';

const route = getRouteApi('/shell/access');

/** The arguments as they are written, because a number that is read here may lose digits; or what is wrong with the text. */
function readArguments(text: string): { args: string | undefined } | { mistake: string } {
  if (text.trim() === '') return { args: undefined };
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { args: text };
    return { mistake: 'Arguments are an object: { "name": "value" }' };
  } catch (error) {
    return { mistake: error instanceof Error ? error.message : String(error) };
  }
}

export function WhyTab() {
  const { who = '', what = '' } = route.useSearch();
  const navigate = route.useNavigate();
  const names = useKnownNames();
  const [text, setText] = useState('');
  const test = useChange(rulesApi.test);
  const read = readArguments(text);
  const mistake = 'mistake' in read ? read.mistake : undefined;
  const set = (change: { who?: string; what?: string }) => {
    test.reset();
    void navigate({ search: (before) => ({ ...before, ...change }), replace: true });
  };
  const ask = (args: string | undefined) => {
    const person = who.includes(':') ? who : `user:${who}`;
    test.mutate({ body: { who: person, what: what.trim(), ...(args !== undefined && { args }) } });
  };
  // A link to this page with both names asks at once.
  useEffect(() => {
    if (who !== '' && what !== '') ask(undefined);
    // Only what the address says when the page opens.
    // oxlint-disable-next-line react-hooks/exhaustive-deps
  }, []);
  return (
    <Stack gap="lg">
      <Section title="A call that nobody makes" lead="Decided by the same function as a real one. Nothing is called.">
        <form
          onSubmit={(event) => {
            event.preventDefault();
            if (mistake === undefined && 'args' in read) ask(read.args);
          }}
        >
          <Stack gap="md" maw={720}>
            <Autocomplete
              label="Who"
              description="A person or a grant"
              placeholder="user:ada"
              data={[...names.people]}
              limit={20}
              value={who}
              onChange={(next) => set({ who: next })}
              required
            />
            <Autocomplete
              label="What"
              description="A tool, as AI clients see it"
              placeholder="github__create_issue"
              data={[...names.things]}
              limit={20}
              value={what}
              onChange={(next) => set({ what: next })}
              required
            />
            <Textarea
              label="Arguments"
              description="As JSON; empty: none"
              placeholder={'{ "owner": "acme" }'}
              autosize
              minRows={2}
              styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)' } }}
              value={text}
              onChange={({ currentTarget }) => setText(currentTarget.value)}
              error={mistake}
            />
            <ProblemAlert problem={test.error} />
            <Group>
              <Button type="submit" loading={test.isPending} disabled={mistake !== undefined}>
                Ask why
              </Button>
            </Group>
          </Stack>
        </form>
      </Section>
      {test.data !== undefined && <Answer verdict={test.data} />}
    </Stack>
  );
}

function Answer({ verdict }: { verdict: Verdict }) {
  const { decision, rule, reason, who, what, meant, bundle, hook, warnings } = verdict;
  const rules = useApi(rulesApi.list, {});
  const named = rules.data?.find(({ id }) => id === rule);
  return (
    <section aria-label="The answer" aria-live="polite">
      <Section title={`${who}, ${what}`}>
        <Stack gap="sm">
          <div>
            <StatusBadge tone={DECISION[decision].tone} size="lg">
              {DECISION[decision].word}
            </StatusBadge>
          </div>
          <Text>{reason}</Text>
          <Facts
            facts={[
              rule === null
                ? ['Rule', 'none']
                : [
                    'Rule',
                    <span key="rule">
                      <AnchorLink to="/access/rules/$id" params={{ id: rule }} size="sm" underline="always">
                        {rule}
                      </AnchorLink>{' '}
                      {named !== undefined && <RuleSentence rule={named} size="sm" />}
                    </span>,
                  ],
              meant === null || meant === what ? undefined : ['Means', meant],
              bundle === null ? undefined : ['Through the bundle', bundle],
              hook === undefined
                ? undefined
                : ['Hook', `${hook.name} has to allow it too${hook.asked ? ', and was asked' : ', and was not asked'}`],
            ]}
          />
          {warnings.map((warning) => (
            <Text key={warning} size="sm" c="var(--gate-warn)">
              {warning}
            </Text>
          ))}
        </Stack>
      </Section>
    </section>
  );
}
