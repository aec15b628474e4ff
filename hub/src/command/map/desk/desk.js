"use strict";
// The page works without this: it only saves the clicks. Line numbers, what belongs together, and
// the views anew while one types.

const LINE_HEIGHT = 20;
const PAUSE_MS = 250;

const desk = document.getElementById("desk");
const choose = document.getElementById("choose");
const views = document.getElementById("views");
const numbers = (text) => (text || "").split(" ").filter(Boolean).map(Number);

/** A textarea with line numbers beside it and picked lines behind it. */
class Editor {
  constructor(area) {
    this.area = area;
    const box = area.parentElement;
    this.lines = document.createElement("pre");
    this.lines.className = "lines";
    this.lines.setAttribute("aria-hidden", "true");
    this.field = document.createElement("div");
    this.field.className = "field";
    box.replaceChildren(this.lines, this.field);
    this.field.append(area);
    this.picked = [];
    area.addEventListener("scroll", () => this.draw());
    area.addEventListener("input", () => this.draw());
    this.draw();
  }

  top() {
    return parseFloat(getComputedStyle(this.area).paddingTop) - this.area.scrollTop;
  }

  draw() {
    const count = this.area.value.split("\n").length;
    if (this.count !== count) {
      this.count = count;
      this.lines.textContent = Array.from({ length: count }, (_, at) => at + 1).join("\n");
    }
    this.lines.scrollTop = this.area.scrollTop;
    this.field.querySelectorAll(".pick").forEach((mark) => mark.remove());
    for (const line of this.picked) {
      const mark = document.createElement("div");
      mark.className = "pick";
      mark.style.top = `${this.top() + (line - 1) * LINE_HEIGHT}px`;
      this.field.prepend(mark);
    }
  }

  /** Marks lines, from 1, and brings the first into sight. */
  pick(lines) {
    this.picked = lines;
    if (lines.length > 0) {
      const at = (lines[0] - 1) * LINE_HEIGHT;
      const { scrollTop, clientHeight } = this.area;
      if (at < scrollTop || at > scrollTop + clientHeight - 3 * LINE_HEIGHT) {
        this.area.scrollTop = Math.max(0, at - clientHeight / 3);
      }
    }
    this.draw();
  }

  /** The line, from 1, in which the caret is. */
  caret() {
    return this.area.value.slice(0, this.area.selectionStart).split("\n").length;
  }
}

const rules = new Editor(document.getElementById("rules"));
const sample = new Editor(document.getElementById("document"));
const rows = () => Array.from(views.querySelectorAll("[data-rules], [data-line]"));

function mark(picked) {
  for (const row of rows()) row.classList.toggle("picked", picked.has(row));
}

/** A value: its rule, its place in the sample, and all that belongs to it in the other views. */
function pickValue(row) {
  const fields = new Set((row.dataset.fields || "").split(" ").filter(Boolean));
  const shares = (other) =>
    other === row || (other.dataset.fields || "").split(" ").some((field) => fields.has(field));
  const picked = new Set(rows().filter(shares));
  mark(picked);
  const lines = (name) => [...new Set([...picked].flatMap((one) => numbers(one.dataset[name])))];
  rules.pick(row.dataset.rules ? numbers(row.dataset.rules) : lines("rules"));
  sample.pick(lines("line").filter((line) => line > 0));
  if (rules.picked.length > 0) bringIntoSight(rules.area);
}

/** On a narrow page the editors and the views are far apart. */
function bringIntoSight(element) {
  const { top, bottom } = element.getBoundingClientRect();
  if (bottom < 0 || top > window.innerHeight) element.scrollIntoView({ block: "center" });
}

/** A rule: every value that it took or gave. */
function pickRule() {
  const line = rules.caret();
  const all = rows().flatMap((row) => numbers(row.dataset.rules));
  // A rule may go on over several lines: the last one that begins above, with nothing between.
  const between = (from) => rules.area.value.split("\n").slice(from, line - 1);
  const begins = Math.max(0, ...all.filter((at) => at <= line));
  const isIts = begins === line || !between(begins).some((text) => /^\s*(\{|\[|$)/.test(text));
  const found = begins > 0 && isIts && !/^\s*(\[|$)/.test(rules.area.value.split("\n")[line - 1]);
  mark(new Set(found ? rows().filter((row) => numbers(row.dataset.rules).includes(begins)) : []));
  rules.pick(found ? [begins] : []);
  const first = views.querySelector(".picked");
  if (first) bringIntoSight(first);
}

views.addEventListener("click", (event) => {
  const button = event.target.closest("button.at");
  if (button) pickValue(button.closest("[data-rules], [data-line]"));
});
for (const event of ["click", "keyup"]) {
  rules.area.addEventListener(event, (told) => {
    if (event === "click" || told.key.startsWith("Arrow") || told.key.startsWith("Page")) pickRule();
  });
}

let typed = 0;
let isChanged = false;

/** The views of what is in the editors now. */
async function show(action) {
  const mine = ++typed;
  const body = new URLSearchParams(new FormData(desk));
  body.set("part", "true");
  views.classList.add("busy");
  try {
    const answer = await fetch(action, { method: "POST", body });
    const text = await answer.text();
    if (mine !== typed) return;
    views.innerHTML = answer.ok ? text : "<p class=\"said not\" role=\"status\">The page is gone: start it again.</p>";
    const base = views.querySelector("[data-base]");
    if (base) {
      desk.elements.base.value = base.dataset.base;
      isChanged = false;
    }
    rules.pick([]);
    sample.pick([]);
  } catch {
    views.innerHTML = "<p class=\"said not\" role=\"status\">luotsi map --serve does not answer: start it again.</p>";
  } finally {
    if (mine === typed) views.classList.remove("busy");
  }
}

let pause;
desk.addEventListener("input", (event) => {
  if (["case", "says"].includes(event.target.name)) return;
  if (event.target === rules.area) isChanged = true;
  clearTimeout(pause);
  pause = setTimeout(() => show(""), PAUSE_MS);
});
desk.addEventListener("submit", (event) => {
  event.preventDefault();
  clearTimeout(pause);
  show(event.submitter?.getAttribute("formaction") || "");
});
choose.addEventListener("change", (event) => {
  // A sample belongs to its mapping and way.
  if (event.target.name !== "sample") choose.elements.sample.disabled = true;
  if (event.target.name === "mapping") choose.elements.way.disabled = true;
  choose.submit();
});
window.addEventListener("beforeunload", (event) => {
  if (isChanged) event.preventDefault();
});
