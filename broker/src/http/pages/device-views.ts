// The pages of a device login: typing the code, looking at the device, approving or denying it. The device's name, address and time are always shown.
import { html } from 'ghtml';
import { renderAlert, renderField } from './fields.ts';
import { csrfField, type PageContent } from './layout.ts';
import { renderAgo, utcText } from './time-text.ts';

const TICK = `<svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2.6" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true"><path d="m5 12.5 4.5 4.5L19 7.5"/></svg>`;
const CROSS = `<svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2.6" stroke-linecap="round" aria-hidden="true"><path d="m7 7 10 10M17 7 7 17"/></svg>`;

const PLATFORMS: Readonly<Record<string, string>> = { linux: 'Linux', darwin: 'macOS', win32: 'Windows' };
const platformText = (platform: string): string => PLATFORMS[platform] ?? platform;

export const codePage = (view: { csrf: string; userCode: string; problem?: string | undefined }): PageContent => ({
  title: 'Connect a device',
  failed: view.problem !== undefined,
  content: html`<div class="card">
    <h1>Connect a device</h1>
    <p class="lead">Type the code that <code>mcpgate login</code> shows on your device.</p>
    !${renderAlert(view.problem)}
    <form method="post" action="/device">
      !${csrfField(view.csrf)}
      !${renderField({
        name: 'typed_code',
        label: 'Code',
        type: 'text',
        autocomplete: 'one-time-code',
        value: view.userCode,
        placeholder: 'BCDF-GHJK',
        hint: 'Eight letters. Small letters and no dash are fine.',
        code: true,
        focus: true,
        maxLength: 32,
        refused: view.problem !== undefined,
      })}
      <button class="full" type="submit">Continue</button>
    </form>
  </div>`,
});

interface ConfirmView {
  csrf: string;
  userName: string;
  visitorAddress: string;
  now: number;
  request: {
    userCode: string;
    deviceName: string;
    platform: string;
    address: string;
    requestedAt: number;
    known: { name: string; connectedAt: number; isLoggedIn: boolean } | null;
  };
  /** The code that the person typed; empty where they came by a link. */
  typedCode: string;
  problem?: string | undefined;
}

const fact = (name: string, value: string): string =>
  html`<div>
    <dt>${name}</dt>
    <dd>!${value}</dd>
  </div>`;

function renderFacts({ request, visitorAddress, now, typedCode }: ConfirmView): string {
  const { known, userCode, deviceName, platform, address, requestedAt } = request;
  const sameAddress =
    address === visitorAddress ? 'the same as this browser' : `not this browser's (${visitorAddress})`;
  const renamed = known !== null && known.name !== deviceName ? html`<small>was ${known.name}</small>` : '';
  return html`!${typedCode === '' ? '' : html`<strong class="usercode">${userCode}</strong>`}
    <dl class="facts">
      !${fact('Device', html`${deviceName}!${renamed}`)} !${fact('Platform', html`${platformText(platform)}`)}
      !${fact('Address', html`${address}<small>${sameAddress}</small>`)}
      !${fact('Asked', html`!${renderAgo(requestedAt, now)}<small>${utcText(requestedAt)}</small>`)}
      !${known === null ? '' : fact('Yours since', html`!${renderAgo(known.connectedAt, now)}`)}
    </dl>`;
}

const renderTypedCode = ({ request, typedCode, problem }: ConfirmView): string => {
  if (request.known !== null) return '';
  if (typedCode !== '') return html`<input type="hidden" name="typed_code" value="${typedCode}" />`;
  return renderField({
    name: 'typed_code',
    label: 'Code',
    type: 'text',
    autocomplete: 'off',
    placeholder: 'BCDF-GHJK',
    hint: 'Type the code that your device shows.',
    code: true,
    maxLength: 32,
    problem,
  });
};

export const confirmPage = (view: ConfirmView): PageContent => {
  const { known, userCode } = view.request;
  const title = known === null ? 'Connect this device?' : 'Log in again?';
  const lead =
    known === null
      ? view.typedCode === ''
        ? 'A device that you have not connected yet asks for a login.'
        : 'Is this the code on your device?'
      : known.isLoggedIn
        ? 'This device of yours is logged in and asks to log in anew. Its present login ends then.'
        : 'The login of this device of yours has ended. It asks to go on as before.';
  return {
    title,
    failed: view.problem !== undefined,
    content: html`<div class="card">
      <h1>${title}</h1>
      <p>${lead}</p>
      !${renderFacts(view)}
      <div class="note warn" id="device-warning">
        <p>
          <strong>Did you start this login yourself, just now?</strong> If somebody sent you this link or code, deny it:
          whoever holds that device could use your tools as <strong>${view.userName}</strong>.
        </p>
      </div>
      <form method="post" action="/device" aria-describedby="device-warning">
        !${csrfField(view.csrf)}
        <input type="hidden" name="user_code" value="${userCode}" />
        !${renderTypedCode(view)}
        <div class="choices">
          <button class="quiet" type="submit" name="decision" value="deny" formnovalidate>Deny</button>
          <button type="submit" name="decision" value="approve">${known === null ? 'Connect' : 'Log in again'}</button>
        </div>
      </form>
    </div>`,
  };
};

export const connectedPage = (view: { deviceName: string; userName: string }): PageContent => ({
  title: 'Device connected',
  content: html`<div class="card">
    <div class="mark">!${TICK}</div>
    <h1>${view.deviceName} is connected</h1>
    <p class="lead">
      It acts as <strong>${view.userName}</strong> from now on. Go back to the terminal; you can close this page.
    </p>
    <p>If you have not yet, let your AI clients use it:</p>
    <pre class="command">mcpgate install-clients</pre>
    <p><a href="/me">Your devices</a></p>
  </div>`,
});

export const deniedPage = (): PageContent => ({
  title: 'Login denied',
  content: html`<div class="card">
    <div class="mark off">!${CROSS}</div>
    <h1>Login denied</h1>
    <p class="lead">The device was not connected. If somebody sent you that link or code, tell your security team.</p>
    <a class="button quiet full" href="/">Done</a>
  </div>`,
});
