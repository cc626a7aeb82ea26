/** The first steps, in their order, as the address names them. */
export const WELCOME_STEPS = ['broker', 'sign-in', 'servers', 'rules', 'people', 'call'] as const;
export type WelcomeStep = (typeof WELCOME_STEPS)[number];
