// The pages on which a person sees what waits for them, and decides it.
import { html } from 'ghtml';
import type { Approval, ShownApproval } from '../../approvals/approvals.ts';
import { csrfField, type PageContent } from './layout.ts';
import { renderAgo } from './time-text.ts';

export const requestsPage = (view: { requests: readonly Approval[]; now: number }): PageContent => ({
  title: 'What waits',
  wide: true,
  content: html`<div class="card">
    <h1>What waits</h1>
    <p class="lead">Calls of AI clients that a person decides about.</p>
    !${
      view.requests.length === 0
        ? html`<p>Nothing waits for you.</p>`
        : html`<ul class="devices">
            !${view.requests.map((each) => renderRequest(each, view.now))}
          </ul>`
    }
  </div>`,
});

const renderRequest = ({ id, who, what, createdAt }: Approval, now: number): string =>
  html`<li>
    <span><strong>${what}</strong><small>${who} &middot; !${renderAgo(createdAt, now)}</small></span>
    <span class="when"><a href="/requests/${id}" aria-label="Show ${id}">Show</a></span>
  </li>`;

/** What was denied for want of a rule, shown to whom it was denied. */
export const askPage = ({ csrf, id, what }: { csrf: string; id: string; what: string }): PageContent => ({
  title: `Ask for ${what}`,
  content: html`<div class="card">
    <h1>You may not use ${what}</h1>
    <p class="lead">No rule allows it. You can ask for it: whoever sees to the rules decides, and for how long.</p>
    <form method="post" action="/requests/${id}">
      !${csrfField(csrf)}
      <div class="field">
        <label for="reason">Why you need it</label>
        <input id="reason" name="reason" type="text" maxlength="300" autocomplete="off" />
      </div>
      <button type="submit" name="decision" value="ask">Ask for it</button>
    </form>
  </div>`,
});

export interface RequestPageView {
  csrf: string;
  request: ShownApproval;
  /** Why this person may not decide it. */
  refusal: string | undefined;
  now: number;
}

export const requestPage = ({ csrf, request, refusal, now }: RequestPageView): PageContent => {
  const { id, who, what, rule, device, clientName, address, argsText, reason } = request;
  const from = [device, clientName, address].filter((each) => each !== null).join(', ');
  const isOpen = request.state === 'open' && request.expiresAt > now;
  return {
    title: `${who} asks for ${what}`,
    content: html`<div class="card">
      <h1>${who} asks for ${what}</h1>
      <p class="lead">Request ${id}, !${renderAgo(request.createdAt, now)}${from === '' ? '' : `, from ${from}`}.</p>
      ${rule === null ? '' : `Rule ${rule} asks about it.`} ${reason === null ? '' : `Reason: ${reason}`}
      !${request.kind === 'access' ? '' : argsText === null ? html`<p>It has no arguments.</p>` : html`<pre>${argsText}</pre>`}
      !${isOpen ? (refusal === undefined ? renderForm(request, csrf) : html`<p>${sentence(refusal)}</p>`) : renderState(request)}
    </div>`,
  };
};

const BUTTONS = {
  call: ['Approve this call', 'Approve any call of this tool by this person for an hour'],
  access: ['Allow it for 8 hours', 'Allow it for an hour'],
} as const;

const renderForm = ({ id, kind }: ShownApproval, csrf: string): string =>
  html`<form method="post" action="/requests/${id}">
    !${csrfField(csrf)}
    <button type="submit" name="decision" value="approve">${BUTTONS[kind][0]}</button>
    <button type="submit" class="quiet" name="decision" value="hour">${BUTTONS[kind][1]}</button>
    <button type="submit" class="quiet" name="decision" value="deny">Deny</button>
  </form>`;

const renderState = ({ state, decidedBy }: ShownApproval): string =>
  html`<p>
    ${decidedBy === null ? 'Its time is over.' : `${decidedBy} has ${state === 'denied' ? 'denied' : 'approved'} it.`}
  </p>`;

const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
