/** Whether the modifier of shortcuts is ⌘. */
export const isMac = /Mac|iPhone|iPad/.test(navigator.userAgent);
