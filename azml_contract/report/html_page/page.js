// Wiring: filters, tabs, keys and the address.

function fillSummary() {
  const newest = DATA.versions.length - 1;
  const broken = GROUPS.filter((group) => breaksAt(group, newest)).length;
  const targets = [...new Set(GROUPS.map((group) => group.target).filter(Boolean))];
  const parts = [
    count(GROUPS.length, "recording"),
    count(CALLS, "call"),
    count(DATA.versions.length, "api-version"),
    newest >= 0 && `${broken.toLocaleString("en")} of ${GROUPS.length.toLocaleString("en")} break at ${DATA.versions[newest]}`,
    targets.length && `recorded from ${targets.join(" and ")}`,
  ];
  byId("summary").textContent = parts.filter(Boolean).join(", ");
  const { at, commit, sources, version } = DATA.made ?? {};
  const made = [at, commit && `commit ${commit}`, sources?.length && `of ${sources.join(", ")}`, version];
  byId("made").textContent = made.filter(Boolean).join(" \u00b7 ");
}

/** How many calls have each status, over some versions. */
function countStatuses(steps, versions) {
  const calls = new Map();
  for (const step of steps) calls.set(step.pattern, (calls.get(step.pattern) ?? 0) + step.calls);
  const totals = NAMES.map(() => 0);
  for (const [pattern, number] of calls) {
    for (const version of versions) {
      const cell = DATA.patterns[pattern][version];
      if (cell !== ABSENT) totals[DATA.cells[cell][0]] += number;
    }
  }
  return totals;
}

/** Tell how many calls pass, and in each chip how many of their cells in sight have its status. */
function tellFound(steps) {
  const totals = countStatuses(steps, grid.versions);
  for (const chip of byId("statuses").children) {
    const total = totals[NAMES.indexOf(chip.dataset.status)];
    chip.querySelector(".total").textContent = total.toLocaleString("en");
  }
  const found = `${callsOf(steps).toLocaleString("en")} of ${count(CALLS, "call")}`;
  for (const place of document.querySelectorAll(".found")) place.textContent = isFiltered() ? found : "";
}

function fillStatuses() {
  const totals = countStatuses(STEPS, [...DATA.versions.keys()]);
  const chips = NAMES.map((name, index) => make("button", {
    type: "button", class: `chip ${name}`, "data-status": name, "aria-pressed": "false",
    disabled: !totals[index], title: `${name}: ${STATUS[name].means}`, onclick: () => toggleStatus(name),
  },
  make("b", { "aria-hidden": "true" }, STATUS[name].mark),
  make("span", { class: "word" }, name),
  make("span", { class: "total" }, totals[index].toLocaleString("en"))));
  byId("statuses").replaceChildren(...chips.reverse());
  byId("meanings").replaceChildren(...[...NAMES].reverse().map((name) => make("div", {},
    make("dt", {}, makeStatus(NAMES.indexOf(name))), make("dd", {}, STATUS[name].means))));
  byId("from").replaceChildren(...DATA.versions.map((version, index) =>
    make("option", { value: index === FIRST ? "" : version },
      `from ${version}${index < FIRST ? " (older)" : ""}`)));
}

function toggleStatus(name) {
  const chosen = new Set(state.status.split(" ").filter(Boolean));
  if (!chosen.delete(name)) chosen.add(name);
  change({ status: [...chosen].join(" ") });
}

/** Change what is filtered, and show it. */
function change(changes) {
  Object.assign(state, changes);
  writeAddress();
  showMatrix();
}

function showMatrix() {
  byId("search").value = state.q;
  byId("kinds").value = state.versions;
  byId("from").value = state.from;
  for (const chip of byId("statuses").children) {
    const pressed = state.status.split(" ").includes(chip.dataset.status);
    chip.setAttribute("aria-pressed", String(pressed));
  }
  const filtered = fillGrid();
  tellFound(filtered.flatMap(([, steps]) => steps));
  byId("clear").hidden = !(isFiltered() || state.versions !== "all" || state.from);
  const anyFolded = filtered.some(([group]) => isFolded(group));
  byId("unfold").textContent = anyFolded ? "Expand all" : "Collapse all";
}

function foldAll() {
  const folded = byId("unfold").textContent === "Collapse all";
  for (const group of GROUPS) grid.folded.set(group, folded);
  grid.root.scrollTop = 0;
  showMatrix();
}

function showView() {
  for (const view of ["matrix", "coverage"]) {
    const shown = state.view === view;
    byId(view).hidden = !shown;
    const tab = byId(`tab-${view}`);
    tab.setAttribute("aria-selected", String(shown));
    tab.tabIndex = shown ? 0 : -1;
  }
  if (state.view === "coverage" && !byId("coverage").children.length) fillCoverage();
}

function chooseView(view) {
  state.view = view;
  writeAddress();
  showView();
  byId(`tab-${view}`).focus();
  if (view === "matrix") drawRows();
}

function showAll() {
  if (state.view !== "coverage" || !DATA.coverage) state.view = "matrix";
  showView();
  showMatrix();
  if (!(state.at && openFromAddress()) && !panel.hidden) closePanel();
}

function onKey(event) {
  const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement?.tagName ?? "");
  if (event.key === "Escape" && !byId("about").open) {
    if (!panel.hidden) closePanel();
    else if (document.activeElement === byId("search")) change({ q: "" });
  } else if (event.key === "/" && !typing && !event.ctrlKey && state.view === "matrix") {
    event.preventDefault();
    byId("search").focus();
  }
}

function wire() {
  let waiting = 0;
  byId("search").addEventListener("input", (event) => {
    clearTimeout(waiting);
    const q = event.target.value;
    waiting = setTimeout(() => change({ q }), 80);
  });
  byId("search").addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== "ArrowDown") return;
    clearTimeout(waiting);
    change({ q: event.target.value });
    moveTo(0, grid.active.col);
  });
  byId("filters").addEventListener("submit", (event) => event.preventDefault());
  byId("kinds").addEventListener("change", (event) => change({ versions: event.target.value }));
  byId("from").addEventListener("change", (event) => change({ from: event.target.value }));
  byId("unfold").addEventListener("click", foldAll);
  byId("clear").addEventListener("click", () => {
    byId("search").focus();
    change({ q: "", status: "", versions: "all", from: "" });
  });
  byId("theme").addEventListener("click", turnTheme);
  byId("help").addEventListener("click", () => byId("about").showModal());
  for (const view of ["matrix", "coverage"]) {
    byId(`tab-${view}`).addEventListener("click", () => chooseView(view));
    byId(`tab-${view}`).addEventListener("keydown", (event) => {
      if (!/^Arrow(Left|Right)$/.test(event.key)) return;
      chooseView(view === "matrix" ? "coverage" : "matrix");
    });
  }
  document.addEventListener("keydown", onKey);
  grid.onOpen = openPanel;
  grid.onMove = (row, version) => {
    if (!panel.hidden && version !== undefined && !isNarrow.matches) openPanel(row, version, false);
  };
  isNarrow.addEventListener("change", () => {
    grid.root.inert = byId("filters").inert = isNarrow.matches && !panel.hidden;
    showMatrix();
  });
  watchGrid();
  listenToAddress(showAll);
}

loadTheme();
if (!DATA.coverage) document.querySelector(".tabs").hidden = true;
fillSummary();
fillStatuses();
wire();
showAll();
