// The pages on which a person sees, connects and ends their accounts at servers, and an administrator the one that everybody uses.
import { html } from 'ghtml';
import type { AccountKey } from '../../domain/people/account.ts';
import { isAtUrl, targetDigestOf } from '../../domain/transports/transports.ts';
import type { OwnAccount } from '../../accounts/own-accounts.ts';
import { renderAlert, renderField } from './fields.ts';
import { csrfField, type PageContent } from './layout.ts';
import { renderAgo } from './time-text.ts';

type State = OwnAccount['state'];

const STATES: Readonly<Record<State, string>> = {
  connected: 'connected',
  missing: 'not connected',
  expired: 'connect again',
  more_scopes: 'wants more rights',
};

const LEADS: Readonly<Record<State, string>> = {
  connected: 'Your AI clients use it as you.',
  missing: 'Your AI clients use it as you, once you have connected your account.',
  expired: 'It takes your account no more. Connect it again, and your AI clients go on.',
  more_scopes: 'It wants more rights than your account has. Connect it again to allow them.',
};

const EVERYBODY: Readonly<Record<State, string>> = {
  connected: 'Everybody uses it with this one account.',
  missing: 'Everybody uses it with one account, once you have connected it.',
  expired: 'It takes the account that everybody uses no more. Connect it again.',
  more_scopes: 'It wants more rights than the account that everybody uses has. Connect it again to allow them.',
};

/** All of a person's own. */
export const accountsPage = (view: { accounts: readonly OwnAccount[]; now: number }): PageContent => ({
  title: 'Your accounts',
  wide: true,
  content: html`<div class="card">
    <h1>Your accounts</h1>
    <p class="lead">
      At these servers you act with an account of your own. What is in it is kept sealed here, and never on your laptop.
    </p>
    !${
      view.accounts.length === 0
        ? html`<p>There is no server that you use with an account of your own.</p>`
        : html`<ul class="devices">
            !${view.accounts.map((each) => renderAccount(each, view.now))}
          </ul>`
    }
  </div>`,
});

const renderAccount = ({ server, state, account }: OwnAccount, now: number): string =>
  html`<li>
    <span><strong>${server.name}</strong><small>!${renderState(state, account?.updatedAt, now)}</small></span>
    <span class="when"
      ><a href="/accounts/${server.name}" aria-label="${ACTIONS[state]} ${server.name}">${ACTIONS[state]}</a></span
    >
  </li>`;

const renderState = (state: State, connectedAt: number | undefined, now: number): string => {
  if (connectedAt === undefined) return html`${STATES[state]}`;
  const ago = renderAgo(connectedAt, now);
  return state === 'connected' ? html`connected !${ago}` : html`${STATES[state]} &middot; last connected !${ago}`;
};

const ACTIONS: Readonly<Record<State, string>> = {
  connected: 'Show',
  missing: 'Connect',
  expired: 'Connect again',
  more_scopes: 'Allow more',
};

export interface AccountPageView {
  csrf: string;
  own: Pick<OwnAccount, 'server' | 'state' | 'account'>;
  /** Below which its forms go. */
  path: string;
  isShared: boolean;
  problem?: string | undefined;
}

/** One of them: how it stands, and what can be done. */
export const accountPage = (view: AccountPageView): PageContent => {
  const { server, state, account } = view.own;
  const form = server.account;
  return {
    title: `${view.isShared ? 'The account' : 'Your account'} at ${server.name}`,
    failed: view.problem !== undefined,
    content: html`<div class="card">
      <h1>${view.isShared ? 'The account' : 'Your account'} at ${server.name}</h1>
      <p class="lead">${(view.isShared ? EVERYBODY : LEADS)[state]}</p>
      !${renderAlert(view.problem)} !${renderFacts(view)}
      !${form?.kind === 'keys' ? keysForm(view, form.fields) : connectForm(view)}
      !${account === undefined ? '' : disconnectForm(view)}
    </div>`,
  };
};

const renderFacts = ({ own: { server, account } }: AccountPageView): string => {
  const where = isAtUrl(server.transport) ? hostOf(server.transport.url) : '';
  const scopes = account === undefined || account.scopes.length === 0 ? '' : account.scopes.join(' ');
  const wanted = account === undefined || account.wanted.length === 0 ? '' : account.wanted.join(' ');
  const facts = { Server: where, Rights: scopes, 'Wants too': wanted };
  const rows = Object.entries(facts).filter(([, value]) => value !== '');
  if (rows.length === 0) return '';
  return html`<dl class="facts">
    !${rows.map(
      ([name, value]) =>
        html`<div>
          <dt>${name}</dt>
          <dd>${value}</dd>
        </div>`,
    )}
  </dl>`;
};

const hostOf = (url: string): string => URL.parse(url)?.host ?? '';

const connectForm = ({ csrf, path, own: { state } }: AccountPageView): string =>
  html`<form method="post" action="${path}/connect">
    !${csrfField(csrf)}
    <button class="full${state === 'connected' ? ' quiet' : ''}" type="submit">
      ${state === 'missing' ? 'Connect' : 'Connect again'}
    </button>
  </form>`;

const keysForm = ({ csrf, path, own: { server, state } }: AccountPageView, fields: readonly AccountKey[]): string =>
  html`<form method="post" action="${path}/keys">
    !${csrfField(csrf)}
    <input type="hidden" name="_target" value="${targetDigestOf(server.transport)}" />
    !${fields.map(({ name, label, help, secret }, index) =>
      renderField({
        ...{ name, label, type: secret ? 'password' : 'text', autocomplete: 'off', maxLength: 65_536 },
        ...(help === undefined ? {} : { hint: help }),
        focus: index === 0 && state !== 'connected',
      }),
    )}
    <button class="full" type="submit">${state === 'missing' ? 'Connect' : 'Replace'}</button>
  </form>`;

const disconnectForm = ({ csrf, path }: AccountPageView): string =>
  html`<p class="or">or</p>
    <form method="post" action="${path}/disconnect">
      !${csrfField(csrf)}<button class="full quiet" type="submit">Disconnect</button>
    </form>`;

/** A page and not a redirect: a form's answer may lead to this broker only, and an authorization server goes on to hosts of its own choice. */
export const goThereToConnectPage = (view: { server: string; href: string; isBySignIn: boolean }): PageContent => ({
  title: `Connect ${view.server}`,
  goOnTo: view.href,
  content: html`<div class="card">
    <h1>Connect ${view.server}</h1>
    <p class="lead">
      ${
        view.isBySignIn
          ? 'It goes on to the sign-in of your company: who has signed in there has an account.'
          : `It goes on to ${hostOf(view.href)}, where you say whether mcpgate may act as you.`
      }
    </p>
    <a class="button full" href="${view.href}">Continue</a>
  </div>`,
});
