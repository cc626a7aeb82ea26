// Where a sign-in may lead: to pages of this broker alone.

/** Whether this is a path of the broker: browsers take `//` and `/\` at the beginning for another host. */
export const isOwnPath = (path: string): boolean =>
  path.length <= 1024 && /^\/(?![/\\])[\x21-\x5b\x5d-\x7e]*$/.test(path);
