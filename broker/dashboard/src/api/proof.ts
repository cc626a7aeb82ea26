// Some changes are only for whoever has shown lately who they are. The shell gives the way to ask for that; `useChange` asks and then goes on.
import { createContext } from 'react';

/** Asks the person to show who they are. Resolves with false where they would not. */
export type Prove = () => Promise<boolean>;

export const ProofContext = createContext<Prove>(() => Promise.resolve(false));
