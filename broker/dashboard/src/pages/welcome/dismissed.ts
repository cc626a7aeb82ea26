// Whether this browser's person wants to be led through the first steps no more. Where the browser keeps nothing, they are shown again.
const KEY = 'mcpgate-first-steps';

export const isDismissed = (): boolean => localStorage.getItem(KEY) === 'dismissed';
export const dismiss = (): void => localStorage.setItem(KEY, 'dismissed');
