// For tests: identity with its pages, at whose door a company's IdP signs people in.
import { fastify } from 'fastify';
import { systemClock } from 'mcpgate-shared/clock';
import { pino } from 'pino';
import type { IdpSettings } from '../../domain/idp-settings.ts';
import { CLIENT } from '../../identity/idp/fixtures/crooked-idp.ts';
import { createIdentityWorld, type IdentityWorld } from '../../identity/identity-world.ts';
import { registerIdpLogout } from '../idp-logout.ts';
import { createPages } from './create-pages.ts';
import type { createPageBrowser, Page } from './page-browser.ts';

export const idpSettingsFor = (issuer: string): IdpSettings => ({
  issuer,
  clientId: CLIENT.id,
  clientSecret: () => Promise.resolve(CLIENT.secret),
  scopes: ['openid', 'profile', 'email'],
  label: 'Corp ID',
  nameClaim: 'preferred_username',
  emailClaim: 'email',
  groupsClaim: 'groups',
  groupMapping: undefined,
  roleMapping: { 'mcp-admins': 'admin', 'mcp-audit': 'auditor' },
  allowedDomains: [],
  trustEmail: false,
  linkByEmail: true,
  justInTime: true,
  workspace: undefined,
  workspaceClaim: undefined,
  workspaceMapping: undefined,
  endSession: false,
  logoutEnds: 'sessions',
});

export const createIdpWorld = (idp: IdpSettings, localAccounts = true): Promise<IdentityWorld> =>
  createIdentityWorld({
    idp,
    localAccounts,
    async serve({ identity, publicUrl }) {
      const app = fastify();
      if (identity.idp) registerIdpLogout(app, identity.idp, pino({ level: 'silent' }), systemClock);
      await app.register(createPages({ identity, publicUrl, clock: systemClock }));
      await app.ready();
      return (request, response) => app.routing(request, response);
    },
  });

/** What the IdP answers to somebody who was sent there: the path of the callback. */
export async function callbackOf(sent: { url: string }): Promise<string> {
  const answer = await fetch(sent.url, { redirect: 'manual' });
  const { pathname, search } = new URL(answer.headers.get('location') ?? '');
  return pathname + search;
}

/** The way to the IdP and back; `issuer` is how a browser that was sent there is told from one that was not. */
export async function signInAt(
  issuer: string,
  browser: ReturnType<typeof createPageBrowser>,
  way = '/login/idp',
): Promise<Page> {
  const sent = await browser.open(way);
  return sent.url.startsWith(issuer) ? browser.open(await callbackOf(sent)) : sent;
}

/** What the page says. */
export const pageText = (page: Page): string =>
  page.html
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll(/&#(\d+);/g, (_all, code: string) => String.fromCharCode(Number(code)))
    .replaceAll('&middot;', '·')
    .replaceAll(/\s+/g, ' ');
