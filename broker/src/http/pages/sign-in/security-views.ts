// The page of a person's own password and passkeys.
import { html } from 'ghtml';
import type { PasskeyRecord } from '../../../domain/people/passkey.ts';
import type { RegistrationOptions } from '../../../identity/sign-in/passkeys.ts';
import { PASSWORD_MIN_LENGTH } from '../../../identity/sign-in/new-password.ts';
import { renderAlert, renderField } from '../fields.ts';
import { csrfField, type PageContent } from '../layout.ts';
import { renderAgo } from '../time-text.ts';
import { renderPasskeyForm } from './passkey-form.ts';
import { nameField } from './sign-in-step-views.ts';

interface Problem {
  field: 'current' | 'password' | 'repeat' | undefined;
  message: string;
}

export interface SecurityView {
  csrf: string;
  name: string;
  hasPassword: boolean;
  isPasswordWeak: boolean;
  passkeys: readonly PasskeyRecord[];
  /** Undefined: no passkey can be registered here; `reauthenticate`: after the person has shown anew who they are. */
  register: RegistrationOptions | 'reauthenticate' | 'full' | undefined;
  now: number;
  done?: string | undefined;
  problem?: Problem | undefined;
}

const WEAK_PASSWORD =
  'Your password is shorter or easier to guess than what is asked of a new one today. It goes on working; choose a better one when you can.';

const passwordSection = (view: SecurityView): string => {
  const problemOf = (field: Problem['field']) => (view.problem?.field === field ? view.problem?.message : undefined);
  const field = (name: 'current' | 'password' | 'repeat', label: string, hint?: string) =>
    renderField({
      ...{ name, label, type: 'password', problem: problemOf(name), focus: view.problem?.field === name },
      autocomplete: name === 'current' ? 'current-password' : 'new-password',
      ...(hint !== undefined && { hint }),
    });
  return html`<section class="card" aria-labelledby="password-title">
    <h2 id="password-title">Password</h2>
    !${view.isPasswordWeak ? html`<div class="note warn"><p>${WEAK_PASSWORD}</p></div>` : ''}
    <form method="post" action="/security/password">
      !${csrfField(view.csrf)}
      <input type="text" name="username" value="${view.name}" autocomplete="username" hidden />
      !${field('current', 'Current password')}
      !${field('password', 'New password', `At least ${PASSWORD_MIN_LENGTH} characters, of any kind. A few words that do not belong together work well.`)}
      !${field('repeat', 'New password again')}
      <button type="submit">Change the password</button>
      <p class="hint below">Your other browsers are signed out. Your devices stay connected.</p>
    </form>
  </section>`;
};

const passkeyItem = ({ id, name, createdAt, lastUsedAt, backedUp }: PasskeyRecord, view: SecurityView): string =>
  html`<li>
    <span
      ><strong>${name}</strong
      ><small
        >${backedUp ? 'kept by more than one of your devices' : 'on one device or key'} &middot; registered
        !${renderAgo(createdAt, view.now)}</small
      ></span
    >
    <span class="when"
      >!${lastUsedAt === null ? 'not used yet' : html`used !${renderAgo(lastUsedAt, view.now)}`}
      <form method="post" action="/security/passkeys/remove">
        !${csrfField(view.csrf)}<input type="hidden" name="id" value="${id}" />
        <button class="text" type="submit" aria-label="Remove ${name}">Remove</button>
      </form></span
    >
  </li>`;

const registerForm = (view: SecurityView): string => {
  if (view.register === undefined)
    return html`<p class="hint">
      Browsers make passkeys for a broker that has a host name and is reached over https. This one is not.
    </p>`;
  if (view.register === 'full')
    return '<p class="hint">These are as many as there may be: remove one to add another.</p>';
  if (view.register === 'reauthenticate')
    return html`<p><a class="button quiet" href="/reauthenticate?go_to=/security">Add a passkey</a></p>`;
  return renderPasskeyForm({
    csrf: view.csrf,
    action: '/security/passkeys',
    asks: { kind: 'create', options: view.register },
    button: 'Add a passkey',
    fields: nameField(),
    quiet: true,
  });
};

export const securityPage = (view: SecurityView): PageContent => ({
  title: 'Password and passkeys',
  wide: true,
  hasScript: typeof view.register === 'object',
  failed: view.problem !== undefined,
  content: html`<div class="card">
      <h1>Password and passkeys</h1>
      <p class="lead">How you sign in to this broker, <strong>${view.name}</strong>.</p>
      !${view.done === undefined ? '' : html`<div class="note ok" role="status"><p>${view.done}</p></div>`}
      !${renderAlert(view.problem && (view.problem.field === undefined ? view.problem.message : 'Please correct the field below.'))}
    </div>
    <section class="card" aria-labelledby="passkeys-title">
      <h2 id="passkeys-title">Passkeys</h2>
      <p class="lead">
        A fingerprint, a face, a phone or a security key instead of the password. It cannot be guessed, and no other
        site can ask for it.
      </p>
      !${
        view.passkeys.length === 0
          ? ''
          : html`<ul class="devices spaced">
              !${view.passkeys.map((passkey) => passkeyItem(passkey, view))}
            </ul>`
      }
      !${registerForm(view)}
    </section>
    !${view.hasPassword ? passwordSection(view) : ''}`,
});
