// The question before what cannot be undone: it says what will happen, runs it, shows what goes wrong in place, and closes when it is done.
import { Button, Group, List, Modal, Stack, Text, TextInput } from '@mantine/core';
import { createContext, useCallback, useContext, useState, type ReactNode } from 'react';
import { ProblemAlert } from './problem-view.tsx';

export interface Question {
  /** As a question: "Remove the server github?" */
  title: string;
  /** What will happen, one sentence each. */
  consequences: readonly ReactNode[];
  /** More of it, where sentences are not enough: shown below them. */
  details?: ReactNode;
  /** On the button: the verb and its object, "Remove the server". Never "OK". */
  action: string;
  /** Whether something is lost: the button is red, and the focus is on the way back. */
  destroys?: boolean;
  /** What must be typed before the button works, where a slip would be costly: the name of what goes. */
  typed?: string;
  /** Runs it. The dialog waits, and shows the Problem that it throws. */
  run: () => Promise<unknown>;
}

const ConfirmContext = createContext<((question: Question) => void) | undefined>(undefined);

export function ConfirmProvider({ children }: { children: ReactNode }) {
  const [question, setQuestion] = useState<Question>();
  const [opened, setOpened] = useState(false);
  const ask = useCallback((next: Question) => {
    setQuestion(next);
    setOpened(true);
  }, []);
  return (
    <ConfirmContext value={ask}>
      {children}
      <Modal opened={opened} onClose={() => setOpened(false)} title={question?.title} size="md">
        {question !== undefined && <Asked key={question.title} question={question} onClose={() => setOpened(false)} />}
      </Modal>
    </ConfirmContext>
  );
}

function Asked({ question, onClose }: { question: Question; onClose: () => void }) {
  const { consequences, details, action, destroys = false, typed, run } = question;
  const [text, setText] = useState('');
  const [isRunning, setRunning] = useState(false);
  const [problem, setProblem] = useState<unknown>();
  const isReady = typed === undefined || text.trim() === typed;
  const submit = async (): Promise<void> => {
    setRunning(true);
    setProblem(undefined);
    try {
      await run();
      onClose();
    } catch (error) {
      setProblem(error);
      setRunning(false);
    }
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (isReady && !isRunning) void submit();
      }}
    >
      <Stack gap="md">
        <List size="sm" spacing={6}>
          {consequences.map((consequence, index) => (
            <List.Item key={index}>{consequence}</List.Item>
          ))}
        </List>
        {details}
        {typed !== undefined && (
          <TextInput
            label={
              <Text span size="sm">
                Type <strong>{typed}</strong> to go on
              </Text>
            }
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
            autoComplete="off"
            spellCheck={false}
            data-autofocus
          />
        )}
        <ProblemAlert problem={problem} />
        <Group justify="flex-end" gap="sm">
          <Button
            variant="default"
            onClick={onClose}
            {...(destroys && typed === undefined && { 'data-autofocus': true })}
          >
            Keep it as it is
          </Button>
          <Button type="submit" {...(destroys && { color: 'red' })} disabled={!isReady} loading={isRunning}>
            {action}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

/** Opens the question. */
export function useConfirm(): (question: Question) => void {
  const ask = useContext(ConfirmContext);
  if (ask === undefined) throw new Error('a question is asked outside of the shell');
  return ask;
}

/**
 * In a row: ends or removes what the row is about, once its question was answered. `label`: with the name of what ends, for people who hear the
 * page read.
 */
export function EndButton(props: { label: string; question: Omit<Question, 'destroys'>; children: string }) {
  const { label, question, children } = props;
  const confirm = useConfirm();
  return (
    <Button
      size="compact-sm"
      variant="subtle"
      color="red"
      aria-label={label}
      onClick={() => confirm({ ...question, destroys: true })}
    >
      {children}
    </Button>
  );
}
