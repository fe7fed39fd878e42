/** Tools of one's own in the words of each dialect, and how a conversation goes on when a model has called them. */
import { type Answer, isObject, type Json, type JsonObject, listOf, type Part, parsed, textOf } from './conversation';
import type { DialectName } from './index';

export interface Tool {
  name: string;
  description: string;
  /** A JSON schema of its input. */
  parameters: JsonObject;
}

export type Call = Extract<Part, { kind: 'call' }>;

/** Reads tools as somebody writes or copies them: one or a list, in Chat's, Responses' or Anthropic's form. Null where they are none. */
export function readTools(source: string): Tool[] | null {
  const tools: Tool[] = [];
  for (const it of listOf(source.trim() ? parsed(source) : [])) {
    const own = isObject(it) && isObject(it.function) ? it.function : it;
    if (!isObject(own) || typeof own.name !== 'string' || !own.name) return null;
    const schema = own.parameters ?? own.input_schema;
    const parameters = isObject(schema) ? schema : { type: 'object', properties: {} };
    tools.push({ name: own.name, description: textOf(own.description) ?? '', parameters });
  }
  return tools;
}

/** As a request's `tools`. */
export function toolsIn(dialect: DialectName, tools: Tool[]): JsonObject[] {
  const described = ({ name, description }: Tool) => ({ name, ...(description ? { description } : {}) });
  switch (dialect) {
    case 'openai_chat':
      return tools.map((it) => ({ type: 'function', function: { ...described(it), parameters: it.parameters } }));
    case 'openai_responses':
      return tools.map((it) => ({ type: 'function', ...described(it), parameters: it.parameters }));
    case 'anthropic':
      return tools.map((it) => ({ ...described(it), input_schema: it.parameters }));
    case 'gemini': {
      const declared = tools.map((it) => ({ ...described(it), parametersJsonSchema: it.parameters }));
      return declared.length ? [{ functionDeclarations: declared }] : [];
    }
  }
}

/** What the model wants to know; a call that the provider answers itself has a type of its own. */
export function callsOf(answer: Answer | null): Call[] {
  return (answer?.turns ?? [])
    .flatMap((turn) => turn.parts)
    .filter((part): part is Call => part.kind === 'call' && !part.extra?.type);
}

/**
 * The request that goes on: what was asked, what was answered as it came, so that signed thoughts stay whole, and for each
 * of its calls the result.
 */
export function followUp(
  dialect: DialectName,
  asked: JsonObject,
  whole: Json,
  calls: Call[],
  results: string[],
): JsonObject {
  const answered = isObject(whole) ? whole : {};
  const each = (of: (call: Call, result: string) => JsonObject) =>
    calls.map((it, index) => of(it, results[index] ?? ''));
  switch (dialect) {
    case 'openai_chat': {
      const [choice] = listOf(answered.choices);
      const message = isObject(choice) && isObject(choice.message) ? choice.message : {};
      const made = listOf(message.tool_calls).map((it) => {
        // It is of the stream alone.
        const { index: _, ...rest } = isObject(it) ? it : {};
        return rest;
      });
      const told = each((call, content) => ({ role: 'tool', tool_call_id: call.id, content }));
      return { ...asked, messages: [...listOf(asked.messages), { ...message, tool_calls: made }, ...told] };
    }
    case 'openai_responses': {
      const before = typeof asked.input === 'string' ? [{ role: 'user', content: asked.input }] : listOf(asked.input);
      const told = each((call, output) => ({ type: 'function_call_output', call_id: call.id, output }));
      return { ...asked, input: [...before, ...listOf(answered.output), ...told] };
    }
    case 'anthropic': {
      const told = each((call, content) => ({ type: 'tool_result', tool_use_id: call.id, content }));
      const answer = { role: 'assistant', content: answered.content ?? [] };
      return { ...asked, messages: [...listOf(asked.messages), answer, { role: 'user', content: told }] };
    }
    case 'gemini': {
      const [candidate] = listOf(answered.candidates);
      const content = isObject(candidate) && isObject(candidate.content) ? candidate.content : {};
      const told = each(({ id, name }, result) => {
        const value = parsed(result);
        return {
          functionResponse: { ...(id ? { id } : {}), name, response: isObject(value) ? value : { result: value } },
        };
      });
      const answer = { ...content, role: 'model' };
      return { ...asked, contents: [...listOf(asked.contents), answer, { role: 'user', parts: told }] };
    }
  }
}
