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
      !${argsText === null ? html`<p>It has no arguments.</p>` : html`<pre>${argsText}</pre>`}
      !${isOpen ? (refusal === undefined ? renderForm(id, csrf) : html`<p>${sentence(refusal)}</p>`) : renderState(request)}
    </div>`,
  };
};

const renderForm = (id: string, csrf: string): string =>
  html`<form method="post" action="/requests/${id}">
    !${csrfField(csrf)}
    <button type="submit" name="decision" value="approve">Approve this call</button>
    <button type="submit" class="quiet" name="decision" value="hour">
      Approve any call of this tool by this person for an hour
    </button>
    <button type="submit" class="quiet" name="decision" value="deny">Deny</button>
  </form>`;

const renderState = ({ state, decidedBy }: ShownApproval): string =>
  html`<p>
    ${decidedBy === null ? 'Its time is over.' : `${decidedBy} has ${state === 'denied' ? 'denied' : 'approved'} it.`}
  </p>`;

const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
