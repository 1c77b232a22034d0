/* Languages. The views speak English; whatever they put on the page goes through `t` (in dom.js), which says it in the reader's language.
 *
 * A message is the English text, with {} for each part that varies (one word, in a short message). Its translation takes the parts in their order, or by number: {2}, {1}. */
import { ZH } from "./words/zh.js";

/** @type {Map<string, Object<string, string>>} */
const LANGUAGES = new Map([["zh", ZH]]);
const TEXTS_KEPT = 4000; /* texts that are remembered */
/** Where a text may be taken apart, if no message is the whole of it, and how the parts are joined again. */
const JOINTS = [["\n", "\n"], ["; ", "；"], [" · ", " · "], [". ", "。"], [": ", "："], [", ", "，"]];

/** @type {{exact: Object<string, string>, patterns: {test: RegExp, said: string}[], known: Map<string, string>} | null} */
let tongue = null;

/** @param {string} message */
function asPattern(message) {
  const short = message.replace(/[^A-Za-z]/g, "").length < 6;
  const escaped = message.replace(/[.*+?^$()|[\]\\]/g, "\\$&").replaceAll("{}", short ? "(\\S+?)" : "([^;\\n]+?)");
  return new RegExp(`^${escaped}$`);
}

/** Chooses the language: the first of these that there is, by its first letters ("zh-CN" is "zh"); else English. @param {...(string | null | undefined)} wanted */
export function speak(...wanted) {
  const asked = wanted.find((one) => one) ?? "en";
  const messages = LANGUAGES.get(asked.toLowerCase().split(/[-_]/)[0]);
  if (!messages) tongue = null;
  else {
    const varying = Object.keys(messages).filter((message) => message.includes("{}"));
    varying.sort((a, b) => b.replaceAll("{}", "").length - a.replaceAll("{}", "").length);
    tongue = { exact: messages, patterns: varying.map((message) => ({ test: asPattern(message), said: messages[message] })), known: new Map() };
  }
}

/** A text in the reader's language. @param {string} text @returns {string} */
export function t(text) {
  if (!tongue || !/[A-Za-z]{2}/.test(text)) return text;
  let said = tongue.known.get(text);
  if (said === undefined) {
    if (tongue.known.size >= TEXTS_KEPT) tongue.known.clear();
    said = translate(text, 6);
    tongue.known.set(text, said);
  }
  return said;
}

/** @param {string} text @param {number} depth @returns {string} */
function translate(text, depth) {
  const bare = text.trim();
  const found = Object.hasOwn(tongue.exact, bare) ? tongue.exact[bare] : depth > 0 ? wholly(bare, depth) ?? partly(bare, depth) : null;
  return found === null ? text : text.replace(bare, () => found);
}

/** As one message. @param {string} text @param {number} depth */
function wholly(text, depth) {
  for (const { test, said } of tongue.patterns) {
    const match = test.exec(text);
    if (match) {
      const values = match.slice(1).map((value) => translate(value, depth - 1));
      let next = 0;
      return said.replace(/\{(\d?)\}/g, (_, number) => values[number ? Number(number) - 1 : next++] ?? "");
    }
  }
  return null;
}

/** Part by part. @param {string} text @param {number} depth */
function partly(text, depth) {
  for (const [joint, joined] of JOINTS) {
    if (!text.includes(joint)) continue;
    const before = text.split(joint);
    const after = before.map((part) => translate(part, depth - 1));
    if (after.some((part, i) => part !== before[i])) return after.join(joined);
  }
  return null;
}
