// A thread that searches the log, one question after the other, so that the broker goes on with its calls meanwhile.
import '../../store/beside-calls.ts';
import { parentPort, workerData } from 'node:worker_threads';
import { toGateError } from 'mcpgate-shared/error';
import { HostError } from '../../domain/public-message.ts';
import type { LogSource } from '../../store/audit/log-connection.ts';
import { openRowReads } from '../../store/audit/open-row-reads.ts';
import { createLogSearch, type LogQuestions } from './log-search.ts';
import type { SearchAnswer, SearchQuestion } from './search-messages.ts';

const port = parentPort;
if (port === null) throw new Error('this file is a thread of the broker');
const say = (message: SearchAnswer): void => port.postMessage(message);

let questions: LogQuestions | undefined;

async function answer({ name, asked }: SearchQuestion): Promise<void> {
  try {
    // Here, so that what keeps it from being opened is the answer to a question.
    questions ??= createLogSearch(openRowReads(workerData as LogSource).rows);
    const ask = questions[name] as (asked: unknown) => Promise<unknown>;
    say({ kind: 'answer', answer: await ask(asked) });
  } catch (error) {
    const { code, message } = toGateError(error);
    say({ kind: 'failed', code, message, isForHost: error instanceof HostError });
  }
}

port.on('message', (question: SearchQuestion) => void answer(question));
