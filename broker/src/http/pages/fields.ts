// Renders form fields, with labels, hints and problems tied to them for screen readers.
import { html } from 'ghtml';

export interface Field {
  name: string;
  label: string;
  type: 'text' | 'password';
  autocomplete:
    'username' | 'username webauthn' | 'current-password' | 'new-password' | 'one-time-code' | 'organization' | 'off';
  value?: string;
  hint?: string;
  problem?: string | undefined;
  /** The form's alert is about this field. */
  refused?: boolean;
  focus?: boolean;
  placeholder?: string;
  /** For user codes: large, spaced, upper case. */
  code?: boolean;
  maxLength?: number;
}

export function renderField(field: Field): string {
  const { name, problem, hint } = field;
  const described = [field.refused && 'form-alert', hint && `${name}-hint`, problem && `${name}-problem`]
    .filter(Boolean)
    .join(' ');
  const typing = field.type === 'text' ? 'autocapitalize="none" autocorrect="off" spellcheck="false"' : '';
  return html`<div class="field">
    <label for="${name}">${field.label}</label>
    !${hint ? html`<p class="hint" id="${name}-hint">${hint}</p>` : ''}
    <input
      id="${name}"
      name="${name}"
      type="${field.type}"
      autocomplete="${field.autocomplete}"
      maxlength="${field.maxLength ?? 256}"
      required
      !${typing}
      !${field.code ? 'class="code"' : ''}
      !${field.placeholder ? html`placeholder="${field.placeholder}"` : ''}
      !${field.value ? html`value="${field.value}"` : ''}
      !${described ? `aria-describedby="${described}"` : ''}
      !${problem || field.refused ? 'aria-invalid="true"' : ''}
      !${field.focus ? 'autofocus' : ''}
    />
    !${problem ? html`<p class="problem" id="${name}-problem">${problem}</p>` : ''}
  </div>`;
}

/** The message about a problem of the whole form; screen readers announce it at once. */
export const renderAlert = (message: string | undefined): string =>
  message === undefined
    ? ''
    : html`<div class="alert" id="form-alert" role="alert" aria-live="assertive"><p>${message}</p></div>`;
