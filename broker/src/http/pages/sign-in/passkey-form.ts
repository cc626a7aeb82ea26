// A form with what a browser is asked for to get a passkey, or to make one (`passkey-script.ts`). Hidden until the script finds that the browser can.
import { html } from 'ghtml';
import type { AssertionOptions, RegistrationOptions } from '../../../identity/sign-in/passkeys.ts';
import { csrfField } from '../layout.ts';

interface PasskeyForm {
  csrf: string;
  action: string;
  asks: { kind: 'get'; options: AssertionOptions } | { kind: 'create'; options: RegistrationOptions };
  button: string;
  /** Besides the answer. HTML. */
  fields?: string;
  /** Passkeys are offered where the user name is typed. */
  autofill?: boolean;
  /** There is no other way on this page, so that a browser without passkeys must be told. */
  isNeeded?: boolean;
  quiet?: boolean;
}

export const renderPasskeyForm = (form: PasskeyForm): string => {
  const problem = `passkey-problem-${form.asks.kind}`;
  return html`<div class="alert" id="${problem}" role="alert" hidden>
      <p>This browser has no passkeys, or is too old. Use a current one, or ask your platform team.</p>
    </div>
    !${
      form.isNeeded
        ? '<noscript><div class="alert"><p>A passkey needs JavaScript: allow it for this page and load it again.</p></div></noscript>'
        : ''
    }
    <form
      method="post"
      action="${form.action}"
      hidden
      data-passkey="${form.asks.kind}"
      data-options="${JSON.stringify(form.asks.options)}"
      data-problem="${problem}"
      data-autofill="${form.autofill ? 'yes' : 'no'}"
      data-needed="${form.isNeeded ? 'yes' : 'no'}"
    >
      !${csrfField(form.csrf)}
      <input type="hidden" name="passkey" value="" />
      !${form.fields ?? ''}
      <button class="full${form.quiet ? ' quiet' : ''}" type="submit">${form.button}</button>
    </form>`;
};
