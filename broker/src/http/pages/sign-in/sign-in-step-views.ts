// The pages of the second step of a sign-in, and of showing anew who one is.
import { html } from 'ghtml';
import type { AssertionOptions } from '../../../identity/sign-in/passkeys.ts';
import type { SecondStep } from '../../../identity/sign-in/sign-in.ts';
import { renderAlert, renderField } from '../fields.ts';
import { csrfField, type PageContent } from '../layout.ts';
import { renderPasskeyForm } from './passkey-form.ts';

const goToField = (goTo: string): string => html`<input type="hidden" name="go_to" value="${goTo}" />`;

/** The field for what a person calls a new passkey. */
export const nameField = (): string =>
  renderField({
    name: 'name',
    label: 'Name of the passkey',
    type: 'text',
    autocomplete: 'off',
    hint: 'So that you know it again: “My laptop”, “Blue security key”.',
    value: 'My passkey',
    maxLength: 60,
  });

export const secondStepPage = (view: {
  csrf: string;
  step: SecondStep;
  goTo: string;
  problem?: string | undefined;
}): PageContent => {
  const { step } = view;
  const isFirst = step.need === 'register';
  const title = isFirst ? 'Register a passkey' : 'Confirm with your passkey';
  return {
    title,
    failed: view.problem !== undefined,
    hasScript: true,
    content: html`<div class="card">
        <h1>${title}</h1>
        <p class="lead">
          !${
            isFirst
              ? html`Your role needs more than a password, <strong>${step.person.name}</strong>. Register a passkey: the
                  fingerprint or face that your laptop knows, your phone, or a security key. From now on it is asked for
                  at each sign-in.`
              : html`One more step, <strong>${step.person.name}</strong>: your fingerprint, face, phone or security key.`
          }
        </p>
        !${renderAlert(view.problem)}
        !${renderPasskeyForm({
          csrf: view.csrf,
          action: '/login/second',
          asks:
            step.need === 'register'
              ? { kind: 'create', options: step.options }
              : { kind: 'get', options: step.options },
          button: isFirst ? 'Register and sign in' : 'Use my passkey',
          fields: goToField(view.goTo) + (isFirst ? nameField() : ''),
          isNeeded: true,
        })}
      </div>
      <p class="after">
        !${isFirst ? '' : 'Lost your passkey? Your platform team can reset it. '}<a href="/login"
          >Sign in as somebody else</a
        >
      </p>`,
  };
};

export const reauthenticatePage = (view: {
  csrf: string;
  name: string;
  goTo: string;
  passkey: AssertionOptions | undefined;
  password: boolean;
  idp: { label: string; href: string } | undefined;
  problem?: string | undefined;
}): PageContent => ({
  title: 'Confirm that it is you',
  failed: view.problem !== undefined,
  hasScript: view.passkey !== undefined,
  content: html`<div class="card">
    <h1>Confirm that it is you</h1>
    <p class="lead">
      You are signed in as <strong>${view.name}</strong>. What comes next matters, so show once more that it is you.
    </p>
    !${renderAlert(view.problem)}
    !${
      view.passkey === undefined
        ? ''
        : renderPasskeyForm({
            csrf: view.csrf,
            action: '/reauthenticate',
            asks: { kind: 'get', options: view.passkey },
            button: 'Use my passkey',
            fields: goToField(view.goTo),
            isNeeded: !view.password && view.idp === undefined,
          })
    }
    !${view.passkey !== undefined && view.password ? '<p class="or">or with your password</p>' : ''}
    !${
      view.password
        ? html`<form method="post" action="/reauthenticate">
            !${csrfField(view.csrf)}!${goToField(view.goTo)}
            <input type="text" name="username" value="${view.name}" autocomplete="username" hidden />
            !${renderField({
              name: 'password',
              label: 'Password',
              type: 'password',
              autocomplete: 'current-password',
              focus: view.passkey === undefined,
            })}
            <button class="full${view.passkey === undefined ? '' : ' quiet'}" type="submit">Confirm</button>
          </form>`
        : ''
    }
    !${
      view.idp === undefined
        ? ''
        : html`!${view.password || view.passkey ? '<p class="or">or</p>' : ''}<a
              class="button full!${view.password || view.passkey ? ' quiet' : ''}"
              href="${view.idp.href}"
              >Continue with ${view.idp.label}</a
            >`
    }
    !${
      view.password || view.passkey || view.idp
        ? ''
        : '<p>There is nothing here by which you could: sign out and in again, or ask your platform team.</p>'
    }
  </div>`,
});
