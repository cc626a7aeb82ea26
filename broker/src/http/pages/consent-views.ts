// The page on which a person approves or denies an HTTP client. What the client says of itself is marked as unverified; the broker itself knows only
// where the answer goes.
import { html } from 'ghtml';
import type { ConsentRequest } from '../../identity/oauth/consents.ts';
import { csrfField, type PageContent } from './layout.ts';

interface ConsentView {
  csrf: string;
  path: string;
  userName: string;
  request: ConsentRequest;
}

const fact = (name: string, value: string): string =>
  html`<div>
    <dt>${name}</dt>
    <dd>!${value}</dd>
  </div>`;

const TARGETS: Readonly<Record<ConsentRequest['redirect']['kind'], string>> = {
  loopback: 'a program on the computer of this browser',
  app: 'an application on the computer of this browser',
  web: 'a web site',
};

export const consentPage = ({ csrf, path, userName, request }: ConsentView): PageContent => {
  const { clientName, verifiedHost, redirect, server } = request;
  const who =
    verifiedHost === undefined
      ? html`${clientName || 'no name given'}<small>unverified: its own words</small>`
      : html`${clientName || verifiedHost}<small>described by ${verifiedHost}</small>`;
  return {
    title: 'Let this application in?',
    content: html`<div class="card">
      <h1>Let this application in?</h1>
      <p class="lead">An application wants to use your MCP servers.</p>
      <dl class="facts">
        !${fact('Application', who)}
        !${fact('Answer goes to', html`${redirect.shownAs}<small>${TARGETS[redirect.kind]}</small>`)}
        !${fact('Servers', server === undefined ? 'all that you may use' : html`${server}<small>this one only</small>`)}
        !${fact('Acts as', html`${userName}`)}
      </dl>
      <div class="note warn" id="consent-warning">
        <p>
          <strong>Did you start this yourself, just now?</strong> If a link or somebody else brought you here, deny it:
          whoever gets the answer could use your tools as <strong>${userName}</strong>.
        </p>
      </div>
      <form method="post" action="${path}" aria-describedby="consent-warning">
        !${csrfField(csrf)}
        <div class="choices">
          <button class="quiet" type="submit" name="decision" value="deny">Deny</button>
          <button type="submit" name="decision" value="approve">Allow</button>
        </div>
      </form>
    </div>`,
  };
};
