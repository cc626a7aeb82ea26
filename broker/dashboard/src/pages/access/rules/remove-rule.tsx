// Takes a rule away: what that opens and closes is shown before.
import { rulesApi, type Rule } from 'mcpgate-shared/api/rules';
import { previewsApi } from 'mcpgate-shared/api/rules/previews';
import { useChange } from '../../../api/use-api.ts';
import { useConfirm } from '../../../parts/confirm.tsx';
import { toastDone } from '../../../parts/toast.tsx';
import { ChangePreview } from './change-preview.tsx';
import { RuleSentence } from './rule-sentence-view.tsx';

/** What was read of rules and is old once one of them has changed. */
export const OF_RULES = [rulesApi.list, previewsApi.matrix, previewsApi.preview, rulesApi.test];

export function useRemoveRule(onDone?: () => void): (rule: Rule) => void {
  const confirm = useConfirm();
  const remove = useChange(rulesApi.remove, {
    changes: OF_RULES,
    onDone: ({ id }) => {
      toastDone({ message: `The rule ${id} was removed.`, subject: `rule:${id}` });
      onDone?.();
    },
  });
  return (rule) =>
    confirm({
      title: `Remove the rule ${rule.id}?`,
      consequences: [
        <RuleSentence key="rule" rule={rule} />,
        'It holds from the next call on, for everybody who is connected.',
        ...(rule.managed_by === null
          ? []
          : [`It stands in the configuration ${rule.managed_by}: the next apply adds it again.`]),
      ],
      details: <ChangePreview change={{ kind: 'remove', ids: [rule.id] }} />,
      action: 'Remove the rule',
      destroys: true,
      run: () => remove.mutateAsync({ params: { id: rule.id } }),
    });
}
