// The matrix: only the rows in sight are in the document, whatever the suite's size. Their
// elements are written anew for other rows, since making them takes longer than all else.

const OVERSCAN = 4;
const FEW_STEPS = 200;
const MOST_PRINTED = 1500;

const grid = {
  root: byId("grid"),
  head: byId("grid").querySelector(".head"),
  body: byId("grid").querySelector(".rows"),
  notice: byId("grid").querySelector(".notice"),
  versions: null,
  statuses: new Set(),
  rows: [],          // what can be scrolled to: groups, and the steps of unfolded ones
  stepsOf: new Map(),
  folded: new Map(), // what the reader chose, by group
  shown: new Map(),  // index of a row -> its element, ascending
  blank: null,       // the element of a row, to be copied
  active: { row: 0, col: 0 },
  opened: null,      // {row, version} that the panel shows
  onOpen: () => {},
  onMove: () => {},
};

const rowHeight = () => parseFloat(getComputedStyle(grid.root).getPropertyValue("--row"));
const isFolded = (group) =>
  grid.folded.get(group) ?? (!isFiltered() && STEPS.length > FEW_STEPS);

function fillGrid() {
  const before = grid.rows[grid.active.row];
  const hadFocus = grid.body.contains(document.activeElement);
  drawColumns(shownVersions());
  grid.statuses = wantedStatuses();
  const filtered = filterSteps(grid.versions, grid.statuses);
  grid.stepsOf = new Map(filtered);
  grid.rows = filtered.flatMap(([group, steps]) => (isFolded(group) ? [group] : [group, ...steps]));
  const kept = grid.rows.indexOf(before);
  grid.active = {
    row: kept >= 0 ? kept : 0,
    col: Math.min(grid.active.col, grid.versions.length),
  };
  grid.notice.textContent = DATA.rows.length ? "No call passes the filter." : "No call was judged.";
  grid.notice.hidden = grid.rows.length > 0;
  grid.root.setAttribute("aria-rowcount", grid.rows.length + 1);
  grid.body.style.height = `${grid.rows.length * rowHeight()}px`;
  drawRows(true);
  if (hadFocus) focusActive();
  return filtered;
}

/** The heads of the columns, and a blank row; nothing where they are there already. */
function drawColumns(versions) {
  if (`${versions}` === `${grid.versions}`) return;
  grid.versions = versions;
  // First, as a browser that takes out what has the focus lays out all that is new.
  grid.body.replaceChildren();
  grid.shown.clear();
  const [name] = grid.head.children;
  grid.head.replaceChildren(name, ...versions.map((version, index) => {
    const text = DATA.versions[version];
    const preview = isPreview(text);
    return make("div",
      { role: "columnheader", class: preview ? "v preview" : "v", "aria-colindex": index + 2, "aria-label": text, title: text },
      make("span", {}, text.slice(0, 10), preview && make("i", {}, " pre")));
  }));
  grid.blank = make("div", { role: "row" },
    make("div", { role: "rowheader", class: "name", tabindex: -1, "aria-colindex": 1, "data-col": 0 }),
    ...versions.map((_, index) => make("div",
      { role: "gridcell", tabindex: -1, "aria-colindex": index + 2, "data-col": index + 1 })));
  grid.root.setAttribute("aria-colcount", versions.length + 1);
  grid.root.style.setProperty("--cols", versions.length);
}

/** Indexes of the rows in sight and of the active one, which keeps the focus; ascending. */
function findWanted() {
  const height = rowHeight();
  const top = grid.root.scrollTop;
  const first = Math.max(0, Math.floor(top / height) - OVERSCAN);
  const last = Math.min(grid.rows.length - 1, Math.ceil((top + grid.root.clientHeight) / height) + OVERSCAN);
  const wanted = new Set(grid.rows.length ? [grid.active.row] : []);
  for (let i = first; i <= last; i += 1) wanted.add(i);
  return [...wanted].sort((a, b) => a - b);
}

/**
 * Put the rows that are wanted into the document, in their order. Elements of rows that
 * left serve those that came; `anew` writes the others again, too: what they show changed.
 */
function drawRows(anew = false, wanted = findWanted()) {
  const height = rowHeight();
  const before = grid.shown;
  const spare = [...before.keys()].filter((index) => !wanted.includes(index)).map((index) => before.get(index));
  const missing = wanted.filter((index) => !before.has(index)).length;
  for (const element of spare.splice(missing)) element.remove();
  let next = null;
  const drawn = wanted.reverse().map((index) => {
    const kept = before.get(index);
    const element = kept ?? spare.pop() ?? grid.blank.cloneNode(true);
    if (!kept || anew) {
      writeRow(element, grid.rows[index], index);
      element.style.top = `${index * height}px`;
    }
    // What has the focus would lose it if it moved; what is kept stands in order.
    const place = next ? next.previousSibling : grid.body.lastChild;
    if (!kept && element !== place) grid.body.insertBefore(element, next);
    next = element;
    return [index, element];
  });
  grid.shown = new Map(drawn.reverse());
  markCells();
}

/** The one cell that Tab reaches, and the one whose findings are open. */
function markCells() {
  const { active, opened } = grid;
  grid.reached?.setAttribute("tabindex", -1);
  grid.reached = grid.shown.get(active.row)?.children[active.col];
  grid.reached?.setAttribute("tabindex", 0);
  grid.marked?.removeAttribute("data-open");
  const col = opened ? grid.versions.indexOf(opened.version) + 1 : 0;
  grid.marked = col > 0 ? grid.shown.get(grid.rows.indexOf(opened.row))?.children[col] : null;
  grid.marked?.setAttribute("data-open", "");
}

/** Make an element the one of a row. */
function writeRow(element, row, index) {
  const group = row.steps ? row : null;
  element.className = group ? "r group" : "r";
  element.setAttribute("aria-rowindex", index + 2);
  element.setAttribute("aria-level", group ? 1 : 2);
  element.dataset.row = index;
  if (group) element.setAttribute("aria-expanded", !isFolded(group));
  else element.removeAttribute("aria-expanded");
  const [name, ...cells] = element.children;
  const newest = group && newestUnchanged(group, grid.versions);
  if (group) writeGroupName(name, group, newest);
  else writeStepName(name, row);
  cells.forEach((cell, i) => writeCell(cell, row, grid.versions[i], newest));
}

function writeGroupName(name, group, whole) {
  const newest = whole ? `newest unchanged: ${whole}` : "unchanged at none";
  const at = `${group.scenario}, recorded at ${group.recorded}`;
  name.title = `${at}${group.target ? ` from ${group.target}` : ""}; ${newest}`;
  name.setAttribute("aria-label", `${at}, ${count(callsOf(grid.stepsOf.get(group)), "call")}, ${newest}`);
  if (name.row === group) return;
  name.row = group;
  const folder = group.scenario.slice(0, group.scenario.lastIndexOf("/") + 1);
  name.replaceChildren(
    make("span", { class: "fold", "aria-hidden": "true" }),
    make("span", { class: "text" },
      make("span", { class: "folder" }, folder),
      makeName(group.scenario.slice(folder.length), "story", TAIL + 4)),
    make("span", { class: "side" }, group.recorded.replace("-preview", " pre")));
}

function writeStepName(name, step) {
  if (name.row === step) return;
  name.row = step;
  name.title = `${step.label} (${step.operation})${step.calls > 1 ? `, steps ${step.step} to ${step.last}` : ""}`;
  name.removeAttribute("aria-label");
  name.replaceChildren(
    make("span", { class: "step" }, `${step.step}`),
    makeName(step.label),
    step.calls > 1 ? make("span", { class: "side" }, `\u00d7${step.calls}`) : "");
}

/** The statuses of a step; of a scenario the worst of what is shown of it, and the next. */
function shownStatuses(row, version) {
  if (!row.steps) return [statusOf(row, version)];
  const steps = grid.stepsOf.get(row);
  const wanted = steps.filter((step) => grid.statuses.has(statusOf(step, version)));
  return worstOf(wanted.length ? wanted : steps, version);
}

/** Write a cell, if it shows something else: in one column, its classes tell all of it. */
function writeCell(cell, row, version, newestVersion) {
  const [status, next] = shownStatuses(row, version);
  const name = NAMES[status] ?? "not judged";
  const also = NAMES[next];
  const recorded = (row.group ?? row).recorded === DATA.versions[version];
  const asBefore = status >= FIRST_BREAK && !breaksAt(row, version);
  const newest = newestVersion === DATA.versions[version];
  let classes = `c ${name}`;
  if (recorded) classes += " recorded";
  if (newest) classes += " newest";
  if (asBefore) classes += " before";
  if (isOlder(row, version)) classes += " older";
  if (also) classes += ` also-${also}`;
  if (grid.statuses.size && !grid.statuses.has(status)) classes += " dim";
  if (cell.className === classes) return;
  const says = `${name}${also ? ` and ${also}` : ""}${asBefore ? " as when recorded," : ""} at ${DATA.versions[version]}${recorded ? ", recorded here" : ""}${newest ? ", newest unchanged" : ""}`;
  cell.className = classes;
  cell.title = says;
  cell.setAttribute("aria-label", says);
  cell.textContent = (STATUS[name]?.mark ?? "") + (STATUS[also]?.mark ?? "");
}

function focusActive() {
  grid.shown.get(grid.active.row)?.children[grid.active.col]?.focus({ preventScroll: true });
}

/** Make a cell the one that Tab reaches, scroll it into sight, and focus it. */
function moveTo(row, col, focus = true) {
  if (!grid.rows.length) return;
  grid.active = {
    row: Math.max(0, Math.min(row, grid.rows.length - 1)),
    col: Math.max(0, Math.min(col, grid.versions.length)),
  };
  scrollToActive();
  drawRows();
  if (focus) focusActive();
}

function scrollToActive() {
  const height = rowHeight();
  const { root, active } = grid;
  const top = active.row * height;
  const room = root.clientHeight - grid.head.offsetHeight - height;
  if (top < root.scrollTop) root.scrollTop = top;
  else if (top > root.scrollTop + room) root.scrollTop = top - room;
  if (!active.col) return;
  const column = grid.head.children[active.col];
  const fixed = grid.head.children[0].offsetWidth;
  const left = column.offsetLeft;
  if (left - fixed < root.scrollLeft) root.scrollLeft = left - fixed;
  else if (left + column.offsetWidth > root.scrollLeft + root.clientWidth) {
    root.scrollLeft = left + column.offsetWidth - root.clientWidth;
  }
}

function fold(group, folded) {
  grid.folded.set(group, folded);
  const row = grid.rows[grid.active.row];
  if (folded && row.group === group) grid.active.row = grid.rows.indexOf(group);
  fillGrid();
  moveTo(grid.active.row, grid.active.col, false);
}

/** Open the active cell, or fold its scenario where it is a name. */
function activate(focusPanel) {
  const row = grid.rows[grid.active.row];
  if (!row) return;
  if (grid.active.col === 0) {
    if (row.steps) fold(row, !isFolded(row));
    return;
  }
  grid.onOpen(row, grid.versions[grid.active.col - 1], focusPanel);
}

/** The next row, in one direction, whose call breaks in the active column. */
function moveToBreak(direction) {
  const version = grid.versions[Math.max(0, grid.active.col - 1)];
  for (let i = grid.active.row + direction; grid.rows[i]; i += direction) {
    if (breaksAt(grid.rows[i], version)) {
      moveTo(i, Math.max(1, grid.active.col));
      return;
    }
  }
}

function onGridKey(event) {
  if (event.altKey || event.metaKey) return;
  const { row, col } = grid.active;
  const group = grid.rows[row]?.steps ? grid.rows[row] : grid.rows[row]?.group;
  const page = Math.max(1, Math.floor(grid.root.clientHeight / rowHeight()) - 4);
  const moves = {
    ArrowUp: () => moveTo(row - 1, col),
    ArrowDown: () => moveTo(row + 1, col),
    ArrowLeft: () => moveTo(row, col - 1),
    ArrowRight: () => moveTo(row, col + 1),
    PageUp: () => moveTo(row - page, col),
    PageDown: () => moveTo(row + page, col),
    Home: () => moveTo(event.ctrlKey ? 0 : row, 0),
    End: () => moveTo(event.ctrlKey ? grid.rows.length - 1 : row, grid.versions.length),
    Enter: () => activate(true),
    " ": () => activate(true),
    "+": () => fold(group, false),
    "-": () => fold(group, true),
    n: () => moveToBreak(1),
    p: () => moveToBreak(-1),
  };
  if (!moves[event.key] || !group || (event.ctrlKey && !["Home", "End"].includes(event.key))) return;
  event.preventDefault();
  moves[event.key]();
  grid.onMove(grid.rows[grid.active.row], grid.versions[grid.active.col - 1]);
}

function onGridClick(event) {
  const cell = event.target.closest("[data-col]");
  if (!cell) return;
  moveTo(Number(cell.parentElement.dataset.row), Number(cell.dataset.col));
  activate(false);
}

/** Show which column a cell is in. */
function pointOutColumn(event) {
  const col = event.target.closest?.("[data-col]")?.dataset.col;
  grid.head.querySelector(".here")?.classList.remove("here");
  if (Number(col)) grid.head.children[col].classList.add("here");
}

// A printer scrolls nothing: every row goes into the document.
function printRows() {
  const left = grid.rows.length - MOST_PRINTED;
  drawRows(false, [...grid.rows.slice(0, MOST_PRINTED).keys()]);
  if (left <= 0) return;
  grid.notice.textContent = `${count(left, "row")} not printed; filter, or fold scenarios.`;
  grid.notice.hidden = false;
}

function watchGrid() {
  grid.root.addEventListener("scroll", () => drawRows(), { passive: true });
  grid.root.addEventListener("keydown", onGridKey);
  grid.root.addEventListener("click", onGridClick);
  grid.root.addEventListener("mouseover", pointOutColumn);
  grid.root.addEventListener("focusin", pointOutColumn);
  new ResizeObserver(() => drawRows()).observe(grid.root);
  window.addEventListener("beforeprint", printRows);
  window.addEventListener("afterprint", fillGrid);
}
