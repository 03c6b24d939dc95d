// Renders the Markdown of this project's comments and documents: headings, paragraphs, lists, tables, code, links,
// emphasis. Builds elements; nothing is read as HTML.

/** An element with attributes and children. */
export function el(name, attributes, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes ?? {})) element.setAttribute(key, value);
  element.append(...children.filter((child) => child != null));
  return element;
}

const INLINE = /`([^`]+)`|\*\*([^*]+)\*\*|\[([^\]]+)\]\(([^)\s]+)\)/g;

/** The nodes of one paragraph. */
export function inline(text) {
  const nodes = [];
  let end = 0;
  for (const match of text.matchAll(INLINE)) {
    nodes.push(text.slice(end, match.index));
    end = match.index + match[0].length;
    const [, code, strong, label, target] = match;
    if (code !== undefined) nodes.push(el("code", {}, code));
    else if (strong !== undefined) nodes.push(el("strong", {}, ...inline(strong)));
    else nodes.push(link(label, target));
  }
  nodes.push(text.slice(end));
  return nodes.filter((node) => node !== "");
}

/** Links into the source code lead nowhere on a server: only their text is shown. */
function link(label, target) {
  const content = inline(label);
  return /^(https?:\/\/|#|\/)/.test(target) ? el("a", { href: target }, ...content) : el("span", {}, ...content);
}

const FENCE = /^```/;
const ITEM = /^(?:[-*]|\d+\.) +/;

/** The elements of a document. Its headings begin at `level`. */
export function markdown(text, level = 3) {
  const lines = text.split("\n");
  const blocks = [];
  let at = 0;
  const take = (goes) => {
    const taken = [];
    while (at < lines.length && goes(lines[at])) taken.push(lines[at++]);
    return taken;
  };
  while (at < lines.length) {
    const line = lines[at];
    if (line.trim() === "") at++;
    else if (FENCE.test(line)) {
      at++;
      blocks.push(pre(take((next) => !FENCE.test(next))));
      at++;
    } else if (/^ {4}/.test(line)) {
      blocks.push(pre(take((next) => /^ {4}/.test(next)).map((next) => next.slice(4))));
    } else if (line.startsWith("#")) {
      const [, marks, title] = /^(#+) *(.*)$/.exec(lines[at++]);
      blocks.push(el(`h${Math.min(6, level - 1 + marks.length)}`, {}, ...inline(title)));
    } else if (line.startsWith("|")) blocks.push(table(take((next) => next.startsWith("|"))));
    else if (ITEM.test(line)) blocks.push(list(take((next) => next.trim() !== "")));
    else {
      const starts = (next) => next.trim() === "" || FENCE.test(next) || next.startsWith("|") || ITEM.test(next);
      const first = lines[at++];
      blocks.push(el("p", {}, ...inline([first, ...take((next) => !starts(next))].join(" "))));
    }
  }
  return blocks;
}

function pre(lines) {
  return el("pre", {}, lines.join("\n"));
}

function list(lines) {
  const ordered = /^\d/.test(lines[0]);
  const items = [];
  for (const line of lines) {
    if (ITEM.test(line)) items.push(line.replace(ITEM, ""));
    else items[items.length - 1] += ` ${line.trim()}`;
  }
  return el(ordered ? "ol" : "ul", {}, ...items.map((item) => el("li", {}, ...inline(item))));
}

function table(lines) {
  const cells = (line) => line.replace(/^\||\|$/g, "").split("|").map((cell) => cell.trim());
  const [head, , ...rows] = lines.map(cells);
  const row = (kind, texts) => el("tr", {}, ...texts.map((text) => el(kind, {}, ...inline(text))));
  return el(
    "div",
    { class: "wide" },
    el("table", {}, el("thead", {}, row("th", head)), el("tbody", {}, ...rows.map((texts) => row("td", texts)))),
  );
}
