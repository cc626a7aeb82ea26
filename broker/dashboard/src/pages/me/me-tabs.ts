/** The tabs of one's own page, as the address names them. */
export const ME_TABS = ['tools', 'accounts', 'devices', 'grants', 'calls', 'requests', 'sign-in'] as const;
