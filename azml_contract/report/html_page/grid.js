// The matrix: only the rows in sight are in the document, whatever the suite's size.

const OVERSCAN = 6;
const FEW_STEPS = 200;
const MOST_PRINTED = 1500;

const grid = {
  root: byId("grid"),
  versions: [],
  statuses: new Set(),
  rows: [],          // what can be scrolled to: groups, and the steps of unfolded ones
  stepsOf: new Map(),
  folded: new Map(), // what the reader chose, by group
  shown: new Map(),  // index of a row -> its element
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
  grid.versions = shownVersions();
  grid.statuses = wantedStatuses();
  const filtered = filterSteps(grid.versions, grid.statuses);
  grid.stepsOf = new Map(filtered);
  grid.rows = filtered.flatMap(([group, steps]) => (isFolded(group) ? [group] : [group, ...steps]));
  const kept = grid.rows.indexOf(before);
  grid.active = {
    row: kept >= 0 ? kept : 0,
    col: Math.min(grid.active.col, grid.versions.length),
  };
  grid.filtered = filtered;
  drawFrame(filtered);
  drawRows();
  return filtered;
}

const tellFound = (filtered) =>
  `${callsOf(filtered.flatMap(([, steps]) => steps)).toLocaleString("en")} of ${count(CALLS, "call")}`;

function drawFrame(filtered) {
  const head = make("div", { role: "row", class: "head", "aria-rowindex": 1 },
    make("div", { role: "columnheader", class: "name", "aria-colindex": 1 },
      isFiltered() && make("b", {}, tellFound(filtered)), makeMarks(), make("span", {}, "Scenario, call")),
    ...grid.versions.map((version, index) => {
      const text = DATA.versions[version];
      const preview = isPreview(text);
      return make("div",
        { role: "columnheader", class: preview ? "v preview" : "v", "aria-colindex": index + 2, "aria-label": text, title: text },
        make("span", {}, text.slice(0, 10), preview && make("i", {}, " pre")));
    }));
  grid.body = make("div", { role: "rowgroup", class: "rows" });
  grid.head = head;
  grid.root.style.setProperty("--cols", grid.versions.length);
  grid.shown.clear();
  grid.root.replaceChildren(head, grid.body);
  if (!grid.rows.length) {
    grid.body.append(make("p", { class: "notice" }, DATA.rows.length ? "No call passes the filter." : "No call was judged."));
  }
  grid.root.setAttribute("aria-rowcount", grid.rows.length + 1);
  grid.root.setAttribute("aria-colcount", grid.versions.length + 1);
  grid.body.style.height = `${Math.max(grid.rows.length, 2) * rowHeight()}px`;
}

/** What frames, bars and pale cells mean, beside the cells that have them. */
function makeMarks() {
  const mark = (name, says) => make("span", { class: "mark" }, make("i", { class: `c ${name}` }), says);
  return make("span", { class: "marks" },
    mark("ok recorded", "recorded here"),
    mark("ok newest", "newest unchanged"),
    mark("before", "as recorded"),
    mark("refused older", "older"));
}

/** Put the rows in sight into the document, and the active one; take others out. */
function drawRows() {
  const height = rowHeight();
  const top = grid.root.scrollTop;
  const first = Math.max(0, Math.floor(top / height) - OVERSCAN);
  const last = Math.min(grid.rows.length - 1, Math.ceil((top + grid.root.clientHeight) / height) + OVERSCAN);
  const wanted = new Set();
  for (let i = first; i <= last; i += 1) wanted.add(i);
  if (grid.rows.length) wanted.add(grid.active.row);
  for (const [index, element] of grid.shown) {
    if (!wanted.has(index)) {
      element.remove();
      grid.shown.delete(index);
    }
  }
  let next = null;
  for (const index of [...wanted].sort((a, b) => b - a)) {
    let element = grid.shown.get(index);
    if (!element) {
      element = makeRow(grid.rows[index], index);
      element.style.top = `${index * height}px`;
      grid.shown.set(index, element);
      grid.body.insertBefore(element, next);
    }
    next = element;
  }
}

function makeRow(row, index) {
  const group = row.steps ? row : null;
  const element = make("div", {
    role: "row",
    class: group ? "r group" : "r",
    "aria-rowindex": index + 2,
    "aria-level": group ? 1 : 2,
    "aria-expanded": group ? String(!isFolded(group)) : null,
    "data-row": index,
  });
  element.append(group ? makeGroupName(group) : makeStepName(row));
  grid.versions.forEach((version, i) => element.append(makeCell(row, version, i + 1)));
  element.children[0].dataset.col = 0;
  if (index === grid.active.row) {
    element.children[grid.active.col].tabIndex = 0;
  }
  return element;
}

function makeGroupName(group) {
  const steps = callsOf(grid.stepsOf.get(group));
  const folder = group.scenario.slice(0, group.scenario.lastIndexOf("/") + 1);
  const whole = newestUnchanged(group, grid.versions);
  const newest = whole ? `newest unchanged: ${whole}` : "unchanged at none";
  return make("div", {
    role: "rowheader", class: "name", tabindex: -1, "aria-colindex": 1,
    title: `${group.scenario}, recorded at ${group.recorded}${group.target ? ` from ${group.target}` : ""}; ${newest}`,
    "aria-label": `${group.scenario}, recorded at ${group.recorded}, ${count(steps, "call")}, ${newest}`,
  },
  make("span", { class: "fold", "aria-hidden": "true" }),
  make("span", { class: "text" },
    make("span", { class: "folder" }, folder),
    makeName(group.scenario.slice(folder.length), "story", TAIL + 4)),
  make("span", { class: "side" }, group.recorded.replace("-preview", " pre")));
}

function makeStepName(step) {
  return make("div", {
    role: "rowheader", class: "name", tabindex: -1, "aria-colindex": 1,
    title: `${step.label} (${step.operation})${step.calls > 1 ? `, steps ${step.step} to ${step.last}` : ""}`,
  },
  make("span", { class: "step" }, `${step.step}`),
  makeName(step.label),
  step.calls > 1 && make("span", { class: "side" }, `\u00d7${step.calls}`));
}

/** The statuses of a step; of a scenario the worst of what is shown of it, and the next. */
function shownStatuses(row, version) {
  if (!row.steps) return [statusOf(row, version)];
  const steps = grid.stepsOf.get(row);
  const wanted = steps.filter((step) => grid.statuses.has(statusOf(step, version)));
  return worstOf(wanted.length ? wanted : steps, version);
}

function makeCell(row, version, col) {
  const [status, next] = shownStatuses(row, version);
  const name = NAMES[status] ?? "not judged";
  const also = NAMES[next];
  const older = isOlder(row, version);
  const recorded = (row.group ?? row).recorded === DATA.versions[version];
  const asBefore = status >= FIRST_BREAK && !breaksAt(row, version);
  const newest = row.steps && newestUnchanged(row, grid.versions) === DATA.versions[version];
  const dim = grid.statuses.size && !grid.statuses.has(status);
  const open = grid.opened && grid.opened.row === row && grid.opened.version === version;
  const says = `${name}${also ? ` and ${also}` : ""}${asBefore ? " as when recorded," : ""} at ${DATA.versions[version]}${recorded ? ", recorded here" : ""}${newest ? ", newest unchanged" : ""}`;
  return make("div", {
    role: "gridcell",
    class: ["c", name, recorded && "recorded", newest && "newest", asBefore && "before", older && "older", also && `also-${also}`, dim && "dim", open && "open"].filter(Boolean).join(" "),
    tabindex: -1,
    "aria-colindex": col + 1,
    "aria-label": says,
    title: says,
    "data-col": col,
  }, (STATUS[name]?.mark ?? "") + (STATUS[also]?.mark ?? ""));
}

/** Redraw what is in sight, for example after another cell was opened. */
function redrawRows() {
  const hadFocus = grid.body.contains(document.activeElement);
  for (const element of grid.shown.values()) element.remove();
  grid.shown.clear();
  drawRows();
  if (hadFocus) focusActive();
}

function focusActive() {
  grid.shown.get(grid.active.row)?.children[grid.active.col]?.focus({ preventScroll: true });
}

/** Make a cell the one that Tab reaches, scroll it into sight, and focus it. */
function moveTo(row, col, focus = true) {
  if (!grid.rows.length) return;
  const old = grid.shown.get(grid.active.row)?.children[grid.active.col];
  if (old) old.tabIndex = -1;
  grid.active = {
    row: Math.max(0, Math.min(row, grid.rows.length - 1)),
    col: Math.max(0, Math.min(col, grid.versions.length)),
  };
  scrollToActive();
  drawRows();
  const cell = grid.shown.get(grid.active.row).children[grid.active.col];
  cell.tabIndex = 0;
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
  const focused = grid.root.contains(document.activeElement);
  const row = grid.rows[grid.active.row];
  if (folded && row.group === group) grid.active.row = grid.rows.indexOf(group);
  fillGrid();
  moveTo(grid.active.row, grid.active.col, focused);
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
  for (const header of grid.head.querySelectorAll(".here")) header.classList.remove("here");
  if (Number(col)) grid.head.children[col].classList.add("here");
}

// A printer scrolls nothing: every row goes into the document.
function printRows() {
  const some = grid.rows.slice(0, MOST_PRINTED);
  grid.body.replaceChildren(...some.map(makeRow));
  const left = grid.rows.length - some.length;
  if (left) grid.body.append(make("p", { class: "notice" }, `${count(left, "row")} not printed; filter, or fold scenarios.`));
}

function watchGrid() {
  grid.root.addEventListener("scroll", () => drawRows(), { passive: true });
  grid.root.addEventListener("keydown", onGridKey);
  grid.root.addEventListener("click", onGridClick);
  grid.root.addEventListener("mouseover", pointOutColumn);
  grid.root.addEventListener("focusin", pointOutColumn);
  new ResizeObserver(() => drawRows()).observe(grid.root);
  window.addEventListener("beforeprint", printRows);
  window.addEventListener("afterprint", () => { drawFrame(grid.filtered); drawRows(); });
}
