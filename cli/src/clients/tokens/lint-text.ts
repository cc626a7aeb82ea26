// The rules of secretlint over a text: tokens whose issuer can be told by how they look, wherever they stand.
import { lintSource } from '@secretlint/core';
import { creator } from '@secretlint/secretlint-rule-preset-recommend';

/** The texts in which a rule sees a secret, each once. */
export async function lintText(text: string): Promise<string[]> {
  const { messages } = await lintSource({
    source: { filePath: 'client.json', content: text, contentType: 'text', ext: '.json' },
    options: {
      config: { rules: [{ id: '@secretlint/secretlint-rule-preset-recommend', rule: creator, options: {} }] },
      noPhysicFilePath: true,
    },
  });
  return [...new Set(messages.map(({ range: [start, end] }) => text.slice(start, end)))];
}
