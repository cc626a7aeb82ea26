// The pages about a person's own account: the set-up of the first administrator, sign-in, setting a password, sign-out.
import { html } from 'ghtml';
import { DEFAULT_WORKSPACE } from '../../domain/workspace.ts';
import { PASSWORD_MIN_LENGTH } from '../../identity/sign-in/new-password.ts';
import { renderAlert, renderField } from './fields.ts';
import type { AssertionOptions } from '../../identity/sign-in/passkeys.ts';
import { renderPasskeyForm } from './sign-in/passkey-form.ts';
import type { LoginGoal } from './page-forms.ts';
import { csrfField, type PageContent } from './layout.ts';

const PASSWORD_HINT = `At least ${PASSWORD_MIN_LENGTH} characters, of any kind. A few words that do not belong together work well.`;

interface Problem {
  field?: 'name' | 'password' | 'repeat' | undefined;
  message: string;
}

const problemOf = (problem: Problem | undefined, field: Problem['field']): string | undefined =>
  problem?.field === field ? problem?.message : undefined;

const newPasswordFields = (problem: Problem | undefined, focus: boolean): string =>
  renderField({
    name: 'password',
    label: 'Password',
    type: 'password',
    autocomplete: 'new-password',
    hint: PASSWORD_HINT,
    problem: problemOf(problem, 'password'),
    focus: focus || problem?.field === 'password',
  }) +
  renderField({
    name: 'repeat',
    label: 'Password again',
    type: 'password',
    autocomplete: 'new-password',
    problem: problemOf(problem, 'repeat'),
    focus: problem?.field === 'repeat',
  });

export const setupPage = (view: {
  csrf: string;
  token: string;
  name: string;
  problem?: Problem | undefined;
}): PageContent => ({
  title: 'Set up this broker',
  failed: view.problem !== undefined,
  content: html`<div class="card">
    <h1>Set up this broker</h1>
    <p class="lead">You are the first one here. This account can do everything: add people, servers and rules.</p>
    !${renderAlert(view.problem && 'Please correct the field below.')}
    <form method="post" action="/setup">
      !${csrfField(view.csrf)}
      <input type="hidden" name="token" value="${view.token}" />
      !${renderField({
        name: 'name',
        label: 'User name',
        type: 'text',
        autocomplete: 'username',
        hint: 'Small letters, digits, dot, dash and underscore.',
        value: view.name,
        maxLength: 64,
        problem: problemOf(view.problem, 'name'),
        focus: view.problem === undefined || view.problem.field === 'name',
      })}
      !${newPasswordFields(view.problem, false)}
      <button class="full" type="submit">Create the administrator</button>
    </form>
  </div>`,
});

export const passwordPage = (view: {
  csrf: string;
  token: string;
  name: string;
  /** Shown where it is not the first one, because the sign-in page will ask for it. */
  workspace: string;
  problem?: Problem | undefined;
}): PageContent => ({
  title: 'Choose your password',
  failed: view.problem !== undefined,
  content: html`<div class="card">
    <h1>Choose your password</h1>
    <p class="lead">
      For <strong>${view.name}</strong>!${
        view.workspace === DEFAULT_WORKSPACE ? '' : html` in the workspace <strong>${view.workspace}</strong>`
      }.
      This link works once.
    </p>
    !${renderAlert(view.problem && 'Please correct the field below.')}
    <form method="post" action="/link">
      !${csrfField(view.csrf)}
      <input type="hidden" name="token" value="${view.token}" />
      <input type="text" name="username" value="${view.name}" autocomplete="username" hidden />
      !${newPasswordFields(view.problem, view.problem === undefined)}
      <button class="full" type="submit">Save and sign in</button>
    </form>
  </div>`,
});

const loginLead = (goal: LoginGoal): string => {
  if (goal.consent !== '') return 'Sign in first, then decide about the application that wants to connect.';
  if (goal.to.startsWith('accounts')) return 'Sign in first, then connect your account.';
  if (goal.to.startsWith('requests')) return 'Sign in first, then decide.';
  return goal.user_code !== '' || goal.to === 'device'
    ? 'Sign in first, then confirm your device.'
    : 'With your account on this broker.';
};

interface LoginView {
  csrf: string;
  name: string;
  goal: LoginGoal;
  ways: {
    idp: { label: string; href: string } | undefined;
    passkey: AssertionOptions | undefined;
    localAccounts: boolean;
    askForWorkspace: boolean;
  };
  problem?: string | undefined;
}

const goalFields = (goal: LoginGoal): string =>
  html`<input type="hidden" name="user_code" value="${goal.user_code}" />
    <input type="hidden" name="consent" value="${goal.consent}" />
    <input type="hidden" name="to" value="${goal.to}" />`;

const passkeyForm = ({ csrf, goal, ways, problem }: LoginView): string =>
  ways.passkey === undefined
    ? ''
    : renderPasskeyForm({
        ...{ csrf, action: '/login/passkey', asks: { kind: 'get', options: ways.passkey } },
        ...{ button: 'Sign in with a passkey', quiet: true, autofill: problem === undefined },
        fields: `<p class="or">or</p>${goalFields(goal)}`,
      });

const passwordForm = (view: LoginView): string =>
  html`<form method="post" action="/login">
    !${csrfField(view.csrf)}!${goalFields(view.goal)}
    !${
      view.ways.askForWorkspace
        ? renderField({
            name: 'workspace',
            label: 'Workspace',
            type: 'text',
            autocomplete: 'organization',
            value: view.goal.workspace || DEFAULT_WORKSPACE,
            maxLength: 24,
          })
        : ''
    }
    !${renderField({
      name: 'name',
      label: 'User name',
      type: 'text',
      autocomplete: view.ways.passkey === undefined ? 'username' : 'username webauthn',
      value: view.name,
      maxLength: 64,
      focus: view.name === '' && view.ways.idp === undefined,
    })}
    !${renderField({
      name: 'password',
      label: 'Password',
      type: 'password',
      autocomplete: 'current-password',
      focus: view.name !== '',
    })}
    <button class="full${view.ways.idp === undefined ? '' : ' quiet'}" type="submit">Sign in</button>
  </form>`;

/** The company's IdP stands first, the password form below it; the form is folded away where passwords are only for administrators. */
export const loginPage = (view: LoginView): PageContent => {
  const { idp, localAccounts } = view.ways;
  const form = passwordForm(view) + passkeyForm(view);
  return {
    title: 'Sign in',
    hasScript: view.ways.passkey !== undefined,
    failed: view.problem !== undefined,
    content: html`<div class="card">
        <h1>Sign in</h1>
        <p class="lead">${loginLead(view.goal)}</p>
        !${renderAlert(view.problem)}
        !${idp === undefined ? '' : html`<a class="button full" href="${idp.href}">Continue with ${idp.label}</a>`}
        !${idp !== undefined && localAccounts ? '<p class="or">or with a password of this broker</p>' : ''}
        !${
          localAccounts
            ? form
            : html`<details class="fold" !${view.problem === undefined ? '' : 'open'}>
                <summary>Administrators: sign in with a password</summary>
                !${form}
              </details>`
        }
      </div>
      !${localAccounts ? '<p class="after">No password yet, or forgotten? Ask your platform team for a link.</p>' : ''}`,
  };
};

/** The sentence that says what signing out ends. `there`: the IdP, where signing out here signs the person out there too. */
const logoutReach = (there: LogoutThere | undefined): string => {
  if (there === undefined) return 'Signing out ends this browser’s session; your devices stay connected.';
  const both = `Signing out ends this browser’s session, and the one at ${there.label} if you signed in there`;
  return there.endsDevices
    ? `${both}, which may disconnect your devices too.`
    : `${both}; your devices stay connected.`;
};

interface LogoutThere {
  label: string;
  endsDevices: boolean;
}

export const logoutPage = (view: {
  csrf: string;
  name: string;
  /** The IdP at which the person is signed out too. */
  there: LogoutThere | undefined;
}): PageContent => ({
  title: 'Sign out',
  content: html`<div class="card">
    <h1>Sign out</h1>
    <p class="lead">You are signed in as <strong>${view.name}</strong>. ${logoutReach(view.there)}</p>
    <form method="post" action="/logout">
      !${csrfField(view.csrf)}<button class="full" type="submit">Sign out</button>
    </form>
  </div>`,
});

/**
 * Leads on to the IdP after signing out. It is a page and not a redirect, because the content security policy lets a form's answer lead to this broker
 * only, and an IdP redirects to hosts of its own choice.
 */
export const signOutThereTooPage = (view: { label: string; href: string }): PageContent => ({
  title: 'Signed out',
  goOnTo: view.href,
  content: html`<div class="card">
    <h1>You are signed out here</h1>
    <p class="lead">It goes on to ${view.label}, to sign you out there too.</p>
    <a class="button full" href="${view.href}">Continue</a>
  </div>`,
});
