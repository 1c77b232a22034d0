/* Languages. The views speak English; whatever they put on the page goes through `t` (in dom.js), which says it in the reader's language.
 *
 * A message is the English text. What varies in it: {#} is a number, {} one word and {=} any text, which stay as they are; {*} is a text
 * that is translated too; a text ends where ";" or "·" begins another, but not in “quotes”. (s) is an s that may be missing. Its translation takes the parts in their order, or by number: {2}, {1}. */
import { ZH } from "./words/zh.js";

/** @type {Map<string, Object<string, string>>} */
const LANGUAGES = new Map([["zh", ZH]]);
const TEXTS_KEPT = 4000; /* texts that are remembered */
const DEEP = 6; /* texts within texts */
/** Where a text may be taken apart, if no message is the whole of it, and how the parts are joined again. */
const JOINTS = [["\n", "\n"], ["; ", "；"], [" · ", " · "], [". ", "。"], [", ", "，"], [": ", "："]];
const PARTS = { "{#}": "([-+]?\\d[\\d.,]*(?:e[-+]?\\d+)?)", "{}": "(\\S*?[^\\s:,])", "{=}": "([^;·\\n]+?)", "{*}": "((?:(?!\\. )[^;·\\n])+?)", "(s)": "s?" };

/**
 * @typedef {object} Pattern
 * @property {RegExp} test
 * @property {string} sure  a piece of text that is in every text that fits
 * @property {boolean[]} deep  which parts are translated too
 * @property {string} said
 */
/** @type {{name: string, exact: Object<string, string>, patterns: Pattern[], known: Map<string, string>} | null} */
let tongue = null;
/** @type {(text: string) => boolean} */
let isName = (_text) => false;

/** @param {string} message @param {string} said @returns {Pattern} */
function pattern(message, said) {
  const pieces = message.split(/(\{[#=*]?\}|\(s\))/);
  const source = pieces.map((piece, i) => (i % 2 ? (pieces[i - 1].endsWith("“") ? "([^”]*)" : PARTS[piece]) : piece.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"))).join("");
  const sure = pieces.filter((_, i) => i % 2 === 0).reduce((longest, piece) => (piece.length > longest.length ? piece : longest));
  return { test: new RegExp(`^${source}$`), sure, deep: pieces.filter((piece) => /^\{/.test(piece)).map((piece) => piece === "{*}"), said };
}

/** What a message says for certain, and so which of two that fit comes first. @param {string} message */
const certain = (message) => message.replace(/\{[=*]?\}/g, "").length;

/** Chooses the language: the first of these that there is, by its first letters ("zh-CN" is "zh"); else English. @param {...(string | null | undefined)} wanted */
export function speak(...wanted) {
  const asked = (wanted.find((one) => one) ?? "en").toLowerCase().split(/[-_]/)[0];
  const messages = LANGUAGES.get(asked);
  if (!messages) tongue = null;
  else {
    const varying = Object.keys(messages).filter((message) => /\{[#=*]?\}|\(s\)/.test(message)).sort((a, b) => certain(b) - certain(a));
    tongue = { name: asked, exact: messages, patterns: varying.map((message) => pattern(message, messages[message])), known: new Map() };
  }
}

/** The language that was chosen. @returns {string} */
export function spokenLanguage() {
  return tongue?.name ?? "en";
}

/** Names of the program's own, of nodes and messages, stay as they are. @param {(text: string) => boolean} test */
export function keepNames(test) {
  isName = test;
}

/** A text in the reader's language. @param {string} text @returns {string} */
export function t(text) {
  if (!tongue || !/[A-Za-z]{2}/.test(text) || isName(text)) return text;
  let said = tongue.known.get(text);
  if (said === undefined) {
    if (tongue.known.size >= TEXTS_KEPT) tongue.known.clear();
    said = translate(text, DEEP);
    tongue.known.set(text, said);
  }
  return said;
}

/** @param {string} text @param {number} depth @returns {string} */
function translate(text, depth) {
  const bare = text.trim();
  if (isName(bare)) return text;
  const found = Object.hasOwn(tongue.exact, bare) ? tongue.exact[bare] : depth > 0 ? wholly(bare, depth) ?? partly(bare, depth) : null;
  return found === null ? text : text.replace(bare, () => found);
}

/** As one message. @param {string} text @param {number} depth */
function wholly(text, depth) {
  for (const { test, sure, deep, said } of tongue.patterns) {
    const match = text.includes(sure) ? test.exec(text) : null;
    if (match) {
      const values = match.slice(1).map((value, i) => (deep[i] ? translate(value, depth - 1) : value));
      let next = 0;
      return said.replace(/\{(\d?)\}/g, (_, number) => values[number ? Number(number) - 1 : next++] ?? "");
    }
  }
  return null;
}

/** Part by part. @param {string} text @param {number} depth */
function partly(text, depth) {
  if (text.endsWith(".")) {
    const said = translate(text.slice(0, -1), depth - 1);
    if (said !== text.slice(0, -1)) return `${said}。`;
  }
  for (const [joint, joined] of JOINTS) {
    if (!text.includes(joint)) continue;
    const before = text.split(joint);
    const after = before.map((part) => translate(part, depth - 1));
    if (after.some((part, i) => part !== before[i])) return after.join(joined);
  }
  return null;
}
