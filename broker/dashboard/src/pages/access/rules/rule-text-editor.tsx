// The text of a rule in CodeMirror, loaded where somebody wants it: what is wrong is marked where it stands.
import { autocompletion, type CompletionSource } from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands';
import { HighlightStyle, StreamLanguage, syntaxHighlighting } from '@codemirror/language';
import { lintGutter, setDiagnostics } from '@codemirror/lint';
import { EditorState } from '@codemirror/state';
import { EditorView, keymap, lineNumbers } from '@codemirror/view';
import { tags } from '@lezer/highlight';
import { RuleFormSchema, type RuleForm } from 'mcpgate-shared/api/config/configuration';
import { useEffect, useRef } from 'react';
import type { Mistake } from './rule-draft.ts';
import { readText, textOf, type MarkedMistake } from './rule-text.ts';

export interface RuleTextEditorProps {
  /** What the editor begins with. */
  draft: RuleForm;
  /** Mistakes that the broker has found in it. */
  refused: readonly Mistake[];
  /** Undefined where the text is no rule. */
  onChange: (form: RuleForm | undefined, mistakes: readonly MarkedMistake[]) => void;
}

/** As much of YAML as a rule needs. */
const yamlOfRules = StreamLanguage.define<{ inValue: boolean }>({
  startState: () => ({ inValue: false }),
  token(stream, state) {
    if (stream.sol()) state.inValue = false;
    if (stream.eatSpace()) return null;
    if (stream.match(/^#.*/)) return 'comment';
    if (!state.inValue && stream.match(/^[a-z]+(?=\s*:)/)) return 'propertyName';
    if (stream.match(/^[:\-[\],]/)) {
      state.inValue = true;
      return 'punctuation';
    }
    if (stream.match(/^"(?:[^"\\]|\\.)*"|^'[^']*'/)) return 'string';
    if (stream.match(/^(?:true|false|allow|deny|ask)\b/)) return 'keyword';
    if (stream.match(/^[^\s,[\]]+/) === null) stream.next();
    return 'string';
  },
});

const colours = HighlightStyle.define([
  { tag: tags.propertyName, color: 'var(--mantine-color-anchor)' },
  { tag: tags.keyword, color: 'var(--gate-warn)' },
  { tag: tags.comment, color: 'var(--mantine-color-dimmed)' },
]);

/** Without the pictures in data URLs that the library marks mistakes with: the page's policy forbids them. */
const look = EditorView.theme({
  '.cm-lintRange-error': { backgroundImage: 'none', textDecoration: 'underline wavy var(--gate-danger)' },
  '.cm-lint-marker-error': { content: 'normal', background: 'var(--gate-danger)', borderRadius: '50%', scale: '0.6' },
  '&': { fontSize: '14px', border: '1px solid var(--gate-line)', borderRadius: '9px', background: 'var(--gate-code)' },
  '&.cm-focused': { outline: '2px solid var(--mantine-primary-color-filled)' },
  '.cm-content': {
    fontFamily: 'var(--mantine-font-family-monospace)',
    minHeight: '220px',
    caretColor: 'var(--mantine-color-text)',
  },
  '.cm-gutters': { background: 'transparent', border: 'none', color: 'var(--mantine-color-dimmed)' },
  '.cm-tooltip': {
    background: 'var(--mantine-color-body)',
    color: 'var(--mantine-color-text)',
    border: '1px solid var(--gate-line)',
  },
});

const keys: CompletionSource = (context) => {
  const word = context.matchBefore(/^[a-z]*/m);
  if (word === null || (word.from === word.to && !context.explicit)) return null;
  return {
    from: word.from,
    options: Object.entries(RuleFormSchema.shape).map(([label, { description }]) => ({
      label,
      apply: `${label}: `,
      type: 'property',
      ...(description !== undefined && { detail: description.slice(0, 60) }),
    })),
  };
};

const nonce = (): string => document.querySelector('meta[name="csp-nonce"]')?.getAttribute('content') ?? '';

export function RuleTextEditor({ draft, refused, onChange }: RuleTextEditorProps) {
  const box = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(undefined);
  const latest = useRef({ draft, refused, onChange });
  useEffect(() => {
    latest.current = { draft, refused, onChange };
  });

  useEffect(() => {
    if (box.current === null) return undefined;
    const mark = (editor: EditorView, mistakes: readonly MarkedMistake[]) =>
      editor.dispatch(
        setDiagnostics(
          editor.state,
          mistakes.map(({ from, to, message }) => ({
            from: Math.min(from, editor.state.doc.length),
            to: Math.min(to, editor.state.doc.length),
            message,
            severity: 'error',
          })),
        ),
      );
    const editor = new EditorView({
      parent: box.current,
      state: EditorState.create({
        doc: textOf(latest.current.draft),
        extensions: [
          EditorView.cspNonce.of(nonce()),
          EditorView.contentAttributes.of({ 'aria-label': 'The rule as text' }),
          EditorView.lineWrapping,
          ...[lineNumbers(), history(), lintGutter(), yamlOfRules, syntaxHighlighting(colours), look],
          autocompletion({ override: [keys] }),
          keymap.of([...defaultKeymap, ...historyKeymap]),
          EditorView.updateListener.of((update) => {
            if (!update.docChanged) return;
            const { form, mistakes } = readText(update.state.doc.toString());
            mark(update.view, mistakes);
            latest.current.onChange(form, mistakes);
          }),
        ],
      }),
    });
    view.current = editor;
    const { mistakes } = readText(editor.state.doc.toString(), latest.current.refused);
    mark(editor, mistakes);
    return () => editor.destroy();
  }, []);

  // What the broker refused is marked once it has.
  useEffect(() => {
    const editor = view.current;
    if (editor === undefined || refused.length === 0) return;
    const { mistakes } = readText(editor.state.doc.toString(), refused);
    editor.dispatch(
      setDiagnostics(
        editor.state,
        mistakes.map(({ from, to, message }) => ({ from, to, message, severity: 'error' })),
      ),
    );
  }, [refused]);

  return <div ref={box} />;
}
