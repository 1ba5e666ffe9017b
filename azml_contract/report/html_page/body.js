// A recorded body as lines of JSON, with the places that findings point at marked.

const MOST_LINES = 600;
const CONTEXT = 12;

const escapePointer = (name) => name.replaceAll("~", "~0").replaceAll("/", "~1");

/** Lines of JSON: `{depth, pointer, text}`; a closing bracket has its opener's pointer. */
function jsonLines(value) {
  const lines = [];
  const write = (item, pointer, depth, lead, tail) => {
    const many = item !== null && typeof item === "object";
    const entries = many ? Object.entries(item) : [];
    if (!entries.length) {
      lines.push({ depth, pointer, lead, text: JSON.stringify(item) + tail });
      return;
    }
    const [open, close] = Array.isArray(item) ? "[]" : "{}";
    lines.push({ depth, pointer, lead, text: open });
    entries.forEach(([name, child], index) => {
      const label = Array.isArray(item) ? "" : `${JSON.stringify(name)}: `;
      const comma = index < entries.length - 1 ? "," : "";
      write(child, `${pointer}/${escapePointer(name)}`, depth + 1, label, comma);
    });
    lines.push({ depth, pointer, lead: "", text: close + tail, closes: true });
  };
  write(value, "", 0, "", "");
  return lines;
}

/** The line that a pointer names, or that of the nearest thing around it. */
function findLine(lines, pointer) {
  const opens = new Map();
  lines.forEach((line, index) => { if (!line.closes) opens.set(line.pointer, index); });
  let place = pointer;
  while (place && !opens.has(place)) place = place.slice(0, place.lastIndexOf("/"));
  return { index: opens.get(place) ?? 0, exact: place === pointer };
}

/** The last line of the value that opens at a line. */
function lastLine(lines, index) {
  const { pointer, depth } = lines[index];
  for (let i = index + 1; i < lines.length && lines[i].depth >= depth; i += 1) {
    if (lines[i].closes && lines[i].pointer === pointer) return i;
  }
  return index;
}

/**
 * A body, and how to find a finding's line in it.
 *
 * marks: [{pointer, severity, number}]. Long bodies show what is around the marks,
 * and the rest on demand.
 */
function renderBody(body, marks) {
  if (body == null || body.file || body.base64) {
    return make("p", { class: "quiet" }, body == null ? "No body." : "A binary body, not shown.");
  }
  const only = Object.keys(body).length === 1;
  const isText = only && typeof body.text === "string";
  const lines = isText ? textLines(body.text) : jsonLines(only && "json" in body ? body.json : body);
  for (const mark of marks) {
    if (isText) markText(lines, body.text, mark);
    else markLines(lines, mark);
  }
  const code = make("div", { class: "code", tabindex: 0, role: "region", "aria-label": "Body" });
  fillLines(code, lines, lines.length > MOST_LINES);
  return code;
}

const textLines = (text) => text.split(/\r?\n/).map((line) => ({ depth: 0, lead: "", text: line }));

/** Mark where text that is no JSON has the names of a pointer, one after the other. */
function markText(lines, text, mark) {
  let at = 0;
  let exact = true;
  for (const part of mark.pointer.split("/").slice(1)) {
    const name = JSON.stringify(part.replaceAll("~1", "/").replaceAll("~0", "~"));
    const found = text.indexOf(name, at);
    if (found < 0) exact = false;
    else at = found;
  }
  const line = lines[text.slice(0, at).split("\n").length - 1];
  (line.marks ??= []).push({ ...mark, exact });
  line.severity ??= mark.severity;
}

function markLines(lines, mark) {
  const { index, exact } = findLine(lines, mark.pointer);
  const end = exact ? lastLine(lines, index) : index;
  (lines[index].marks ??= []).push({ ...mark, exact });
  for (let i = index; i <= end; i += 1) lines[i].severity ??= mark.severity;
}

function fillLines(code, lines, brief) {
  const near = (index) => !brief || index < CONTEXT
    || lines.slice(Math.max(0, index - CONTEXT), index + CONTEXT + 1).some((line) => line.marks);
  let hidden = 0;
  const flush = () => {
    if (!hidden) return;
    const show = () => { code.replaceChildren(); fillLines(code, lines, false); };
    code.append(make("button", { type: "button", class: "plain more", onclick: show },
      `${count(hidden, "line")} not shown`));
    hidden = 0;
  };
  lines.forEach((line, index) => {
    if (!near(index)) { hidden += 1; return; }
    flush();
    code.append(makeLine(line));
  });
  flush();
}

function makeLine(line) {
  const element = make("div", { class: `line ${line.severity ?? ""}` });
  element.style.paddingInlineStart = `${line.depth * 2 + 2}ch`;
  if (line.lead) element.append(make("span", { class: "key" }, line.lead));
  element.append(line.text);
  for (const mark of line.marks ?? []) {
    const says = mark.exact ? `finding ${mark.number}` : `finding ${mark.number}, missing here`;
    element.append(make("span",
      { class: `badge ${mark.severity}`, "data-mark": mark.number, "aria-label": says, role: "img" },
      mark.exact ? `${mark.number}` : `${mark.number} missing`));
  }
  return element;
}
