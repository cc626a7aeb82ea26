// The pages' cookies. Behind https they are bound to this very host (`__Host-`); plain http is for this machine's own loopback only.

export interface PageCookies {
  session: string;
  csrf: string;
  idp: string;
  known: string;
  options: { path: '/'; httpOnly: true; sameSite: 'lax'; secure: boolean };
}

export function pageCookies(publicUrl: string): PageCookies {
  const secure = new URL(publicUrl).protocol === 'https:';
  const prefix = secure ? '__Host-' : '';
  return {
    session: `${prefix}mcpgate`,
    csrf: `${prefix}mcpgate-form`,
    idp: `${prefix}mcpgate-idp`,
    known: `${prefix}mcpgate-known`,
    options: { path: '/', httpOnly: true, sameSite: 'lax', secure },
  };
}
