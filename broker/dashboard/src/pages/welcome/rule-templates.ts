// Sets of first rules to begin with. Each is added as it stands here, and can be changed at Access afterwards.
import type { rulesApi } from 'mcpgate-shared/api/rules';
import type { z } from 'zod';

export interface RuleTemplate {
  id: string;
  title: string;
  text: string;
  rules: readonly z.input<typeof rulesApi.add.body>[];
}

export const RULE_TEMPLATES: readonly RuleTemplate[] = [
  {
    id: 'ask',
    title: 'Everybody reads; whatever may write asks first',
    text: 'A call that may change something waits until an administrator says yes. A good beginning.',
    rules: [
      { effect: 'allow', who: ['*'], what: ['read:*'], note: 'first rules: everybody reads' },
      { effect: 'ask', who: ['*'], what: ['write:*'], note: 'first rules: writing asks an administrator' },
    ],
  },
  {
    id: 'leads',
    title: 'Everybody reads; the group leads writes',
    text: 'Whoever is in the group leads may use every tool; others those that only read.',
    rules: [
      { effect: 'allow', who: ['*'], what: ['read:*'], note: 'first rules: everybody reads' },
      { effect: 'allow', who: ['group:leads'], what: ['*'], note: 'first rules: leads write' },
    ],
  },
  {
    id: 'all',
    title: 'Everybody may use everything',
    text: 'For a try, or a small team. The log still says who did what.',
    rules: [{ effect: 'allow', who: ['*'], what: ['*'], note: 'first rules: everybody, everything' }],
  },
];
