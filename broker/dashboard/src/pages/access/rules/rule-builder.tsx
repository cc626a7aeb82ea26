// A rule as a sentence that is built of its parts.
import { Autocomplete, SegmentedControl, Switch, TagsInput, Textarea, TextInput } from '@mantine/core';
import type { RuleForm } from 'mcpgate-shared/api/config/configuration';
import { RuleEffectSchema } from 'mcpgate-shared/api/rules';
import { useId, type ReactNode } from 'react';
import { useKnownNames } from '../known-names.ts';
import type { Mistake } from './rule-draft.ts';
import classes from './rules.module.css';

export interface RuleBuilderProps {
  draft: RuleForm;
  /** Shown at their fields. */
  mistakes: readonly Mistake[];
  onChange: (change: Partial<RuleForm>) => void;
}

const ROLES = ['role:admin', 'role:operator', 'role:auditor', 'role:member'];
const EFFECTS = [
  { value: 'allow', label: 'Allow' },
  { value: 'ask', label: 'Ask first' },
  { value: 'deny', label: 'Deny' },
];

export function RuleBuilder({ draft, mistakes, onChange }: RuleBuilderProps) {
  const names = useKnownNames();
  const groups = names.groups.map((name) => `group:${name}`);
  const people = [...groups, ...ROLES, ...names.people];
  const things = [
    ...names.servers.flatMap((name) => [`${name}__*`, `read:${name}`, `write:${name}`]),
    ...names.bundles.map((name) => `bundle:${name}`),
    ...names.things,
  ];
  const errorOf = (field: keyof RuleForm): ReactNode =>
    mistakes
      .filter(({ path }) => path[0] === field)
      .map(({ message }) => message)
      .join('\n') || undefined;
  const {
    effect,
    who,
    except = [],
    what,
    when = '',
    limit = [],
    sum = [],
    approver = [],
    until,
    observe,
    note = '',
  } = draft;
  return (
    <div>
      <Row lead="Effect" labels={false}>
        <SegmentedControl
          aria-label="Effect"
          value={effect}
          data={EFFECTS}
          onChange={(next) => {
            const known = RuleEffectSchema.safeParse(next).data;
            if (known !== undefined) onChange({ effect: known });
          }}
        />
      </Row>
      <Row lead="Who">
        {(id) => (
          <Words
            id={id}
            value={who}
            data={['*', ...people]}
            placeholder="group:eng, user:ada, *"
            error={errorOf('who')}
            onChange={(next) => onChange({ who: next })}
          />
        )}
      </Row>
      <Row lead="except">
        {(id) => (
          <Words
            id={id}
            value={except}
            data={people}
            placeholder="Nobody"
            error={errorOf('except')}
            onChange={(next) => onChange({ except: next })}
          />
        )}
      </Row>
      <Row lead={effect === 'deny' ? 'may not use' : 'may use'}>
        {(id) => (
          <Words
            id={id}
            value={what}
            data={['*', ...things]}
            placeholder="github__*, read:github, bundle:triage"
            error={errorOf('what')}
            onChange={(next) => onChange({ what: next })}
          />
        )}
      </Row>
      {effect === 'ask' && (
        <Row lead="after a yes of">
          {(id) => (
            <Words
              id={id}
              value={approver}
              data={['self', ...groups, ...names.groups.map((name) => `on-call:${name}`), ...ROLES, ...names.people]}
              placeholder="Administrators"
              error={errorOf('approver')}
              onChange={(next) => onChange({ approver: next })}
            />
          )}
        </Row>
      )}
      <Row lead="when">
        {(id) => (
          <Textarea
            id={id}
            value={when}
            autosize
            placeholder='Always; or a condition: args.owner == "acme"'
            error={errorOf('when')}
            styles={{
              input: { fontFamily: 'var(--mantine-font-family-monospace)' },
              error: { whiteSpace: 'pre-wrap', fontFamily: 'var(--mantine-font-family-monospace)' },
            }}
            onChange={({ currentTarget }) => onChange({ when: currentTarget.value })}
          />
        )}
      </Row>
      {effect !== 'deny' && (
        <>
          <Row lead="at most">
            {(id) => (
              <Words
                id={id}
                value={limit}
                data={['10/minute', '100/day', '100/day per group']}
                placeholder="As often as they like; or 10/minute"
                error={errorOf('limit')}
                onChange={(next) => onChange({ limit: next })}
              />
            )}
          </Row>
          <Row lead="adding up to">
            {(id) => (
              <Words
                id={id}
                value={sum}
                data={[]}
                placeholder="Any sum; or args.amount<=500/day"
                error={errorOf('sum')}
                onChange={(next) => onChange({ sum: next })}
              />
            )}
          </Row>
        </>
      )}
      <Row lead="until">
        {(id) => (
          <Autocomplete
            id={id}
            value={until ?? ''}
            data={untilSuggestions()}
            placeholder="For good; or 2026-12-24T18:00:00Z"
            error={errorOf('until')}
            maw={360}
            filter={({ options }) => options}
            onChange={(next) => onChange({ until: next })}
          />
        )}
      </Row>
      <Row lead="Note">
        {(id) => (
          <TextInput
            id={id}
            value={note}
            maxLength={500}
            placeholder="Why it is there"
            error={errorOf('note')}
            onChange={({ currentTarget }) => onChange({ note: currentTarget.value })}
          />
        )}
      </Row>
      <Row lead="Try it first" labels={false}>
        <Switch
          label="Only observe: it decides nothing, and the log notes what it would have done"
          checked={observe ?? false}
          mt={7}
          onChange={({ currentTarget }) => onChange({ observe: currentTarget.checked })}
        />
      </Row>
    </div>
  );
}

function Row(
  props:
    | { lead: string; labels?: true; children: (id: string) => ReactNode }
    | { lead: string; labels: false; children: ReactNode },
) {
  const id = useId();
  return (
    <div className={classes['row']}>
      {props.labels === false ? (
        <span className={classes['lead']}>{props.lead}</span>
      ) : (
        <label className={classes['lead']} htmlFor={id}>
          {props.lead}
        </label>
      )}
      <div>{props.labels === false ? props.children : props.children(id)}</div>
    </div>
  );
}

function Words(props: {
  id: string;
  value: readonly string[];
  data: readonly string[];
  placeholder: string;
  error: ReactNode;
  onChange: (next: string[]) => void;
}) {
  const { id, value, data, placeholder, error, onChange } = props;
  return (
    <TagsInput
      id={id}
      value={[...value]}
      data={[...new Set(data)]}
      limit={30}
      // Conditions of a sum and names of devices hold commas and spaces.
      splitChars={[]}
      acceptValueOnBlur
      {...(value.length === 0 && { placeholder })}
      error={error}
      onChange={onChange}
    />
  );
}

const HOUR_MS = 3_600_000;

/** In an hour, a day, a week and 30 days, on the minute. */
function untilSuggestions(): string[] {
  const now = Math.ceil(Date.now() / 60_000) * 60_000;
  return [1, 24, 7 * 24, 30 * 24].map((hours) => new Date(now + hours * HOUR_MS).toISOString().replace('.000Z', 'Z'));
}
