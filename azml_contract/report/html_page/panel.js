// What one cell holds: the request, and beside it every finding with its cure.

const panel = byId("panel");
const isNarrow = matchMedia("(max-width: 720px)");

function openPanel(row, version, focus) {
  const same = grid.opened?.row === row && grid.opened.version === version;
  grid.opened = { row, version };
  Object.assign(state, {
    scenario: (row.group ?? row).scenario,
    recorded: (row.group ?? row).recorded,
    step: row.steps ? "" : `${row.step}`,
    at: DATA.versions[version],
  });
  writeAddress();
  if (!same || panel.hidden) {
    panel.replaceChildren(...(row.steps ? fillGroup(row, version) : fillStep(row, version)));
    panel.hidden = false;
    panel.scrollTop = 0;
    drawRows();
    scrollToActive();
  }
  const covers = isNarrow.matches;
  grid.root.inert = covers;
  byId("filters").inert = covers;
  if (focus || covers) byId("panel-title").focus({ preventScroll: true });
  if (!covers) panel.querySelector(".line .badge")?.closest(".line").scrollIntoView({ block: "nearest" });
}

function closePanel() {
  if (panel.hidden) return;
  const { row } = grid.opened;
  grid.opened = null;
  panel.hidden = true;
  grid.root.inert = false;
  byId("filters").inert = false;
  Object.assign(state, { scenario: "", recorded: "", step: "", at: "" });
  writeAddress();
  drawRows();
  const index = grid.rows.indexOf(row);
  moveTo(index >= 0 ? index : grid.active.row, grid.active.col);
}

function makeStatus(status) {
  const name = NAMES[status] ?? "not judged";
  return make("span", { class: `tag ${name}` },
    make("b", { "aria-hidden": "true" }, STATUS[name]?.mark ?? ""), name);
}

function makePanelHead(row, version, subtitle) {
  const shown = grid.versions.indexOf(version);
  const turn = (by) => {
    moveTo(grid.active.row, shown + 1 + by, false);
    openPanel(row, grid.versions[shown + by], true);
  };
  const to = (by, sign, says) => make("button", {
    type: "button", class: "plain", "aria-label": says, title: says,
    disabled: grid.versions[shown + by] === undefined, onclick: () => turn(by),
  }, sign);
  return make("header", { class: "panel-head" },
    ...(row.steps ? worstOf(row.steps, version) : [statusOf(row, version)]).map(makeStatus),
    make("h2", { id: "panel-title", tabindex: -1 },
      row.steps ? row.scenario : row.label, make("span", {}, ` at ${DATA.versions[version]}`)),
    make("p", { class: "quiet" }, ...subtitle),
    make("div", { class: "tools" },
      to(-1, "\u2039", "Older version"),
      to(1, "\u203a", "Newer version"),
      make("button", { type: "button", class: "plain", "aria-label": "Close", title: "Close (Esc)", onclick: closePanel }, "\u00d7")));
}

function fillGroup(group, version) {
  const steps = group.steps.filter((step) => statusOf(step, version) > 0);
  const rows = steps.map((step) => make("li", {},
    make("button", { type: "button", class: "row", onclick: () => openStep(step, version) },
      makeStatus(statusOf(step, version)),
      make("span", { class: "step" }, `${step.step}`),
      make("span", {}, step.label, step.calls > 1 && ` \u00d7${step.calls}`),
      make("code", {}, worstPointer(step, version)))));
  const newest = newestUnchanged(group, grid.versions);
  const move = newest
    ? `Newest version at which no call breaks: ${newest}.`
    : "At every version some call breaks.";
  return [
    makePanelHead(group, version, [
      `recorded at ${group.recorded}${group.target ? ` from ${group.target}` : ""}. ${move}`]),
    make("div", { class: "panel-body" }, rows.length
      ? make("ul", { class: "list" }, ...rows)
      : make("p", {}, "Every call is accepted, and means the same."),
    makeEdits(group, group.edits)),
  ];
}

/** The edits of `upgrade`, in words and to copy; null where there are none. */
function makeEdits(group, edits) {
  if (!edits.length) return null;
  const copy = make("button", {
    type: "button", class: "plain copy", onclick: () => copyText(edits.join("\n"), copy),
  }, "Copy");
  return make("section", { class: "edits", "aria-label": "Edits" },
    make("h3", {}, `Edits that lead to ${group.goal} `, copy),
    make("ol", {}, ...edits.map((edit) => make("li", {}, ...phrase(edit)))));
}

async function copyText(text, button) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // A page without a secure origin has no clipboard of its own.
    const area = make("textarea", { readonly: true, class: "offstage" });
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
    button.focus();
  }
  button.textContent = "Copied";
  setTimeout(() => { button.textContent = "Copy"; }, 2000);
}

const editsOf = (step) =>
  step.group.edits.filter((edit) => edit.startsWith(`${step.label}: `));

const worstPointer = (step, version) => findingsOf(step, version).findings[0]?.pointer ?? "";

/** Go from a scenario's cell to that of one of its steps, unfolding where needed. */
function openStep(step, version) {
  if (!grid.rows.includes(step)) {
    grid.folded.set(step.group, false);
    fillGrid();
  }
  const index = grid.rows.indexOf(step);
  const col = grid.versions.indexOf(version) + 1;
  if (index >= 0) moveTo(index, col, false);
  openPanel(step, version, true);
}

function fillStep(step, version) {
  const { since, findings } = findingsOf(step, version);
  findings.forEach((finding, index) => { finding.number = index + 1; });
  const steps = step.calls > 1 ? `steps ${step.step} to ${step.last}` : `step ${step.step}`;
  const about = `${step.operation}, ${steps} of ${step.group.scenario}, recorded at ${step.group.recorded}`;
  return [
    makePanelHead(step, version, [about, since && `; so since ${since}`]),
    make("div", { class: "panel-body sides" },
      make("section", { "aria-label": "Recorded call" }, ...fillCall(step, findings)),
      make("section", { "aria-label": "Findings" },
        ...fillFindings(step, version, findings),
        breaksAt(step, version) && makeEdits(step.group, editsOf(step)))),
  ];
}

// Every call begins with the same workspace; the whole address is the paragraph's title.
const shorten = (uri) => uri.replace(/^https:.*?\/workspaces\/[^/?]+(?=[/?])/i, "\u2026");

function fillCall(step, findings) {
  const marksOf = (side) => findings.filter((f) => f.side === side && (f.pointer || findings.length === 1));
  const parts = [];
  if (step.request) {
    const { method, uri, body } = step.request;
    parts.push(
      make("h3", {}, "Request"),
      make("p", { class: "uri", title: uri }, make("b", {}, `${method ?? ""} `), shorten(uri ?? "")),
      renderBody(body, marksOf("request")));
  } else {
    parts.push(make("p", { class: "quiet" }, "This report does not hold the requests."));
  }
  if (step.response && findings.some((f) => f.side === "response")) {
    parts.push(
      make("h3", {}, `Response ${step.response.status ?? ""}`),
      renderBody(step.response.body, marksOf("response")));
  }
  return parts;
}

function fillFindings(step, version, findings) {
  const name = NAMES[statusOf(step, version)];
  const heading = make("h3", {}, findings.length ? count(findings.length, "finding") : "No findings");
  if (!findings.length) {
    return [heading, make("p", { class: "quiet" }, name ? `${name}: ${STATUS[name].means}.` : "Not judged at this version.")];
  }
  return [heading, make("ol", { class: "findings" }, ...findings.map(makeFinding))];
}

function makeFinding(finding) {
  const facts = [
    ["Cure", finding.cure],
    ["Seen", finding.seen == null ? "" : JSON.stringify(finding.seen)],
    ["Expected", finding.expected.map((item) => (typeof item === "string" ? item : JSON.stringify(item))).join(", ")],
    ["Since", finding.since],
    ["Evidence", finding.evidence === "spec" ? "" : finding.evidence],
  ].filter(([, value]) => value);
  const where = finding.pointer || "(whole call)";
  return make("li", { class: finding.severity },
    make("p", { class: "what" },
      make("span", { class: `badge ${finding.severity}`, "aria-hidden": "true" }, `${finding.number}`),
      make("button", { type: "button", class: "pointer", title: "Show in the body", onclick: () => showMark(finding.number) }, where),
      make("span", { class: "quiet" }, `${finding.side === "response" ? "response, " : ""}${finding.severity} ${finding.code}`)),
    make("p", {}, ...phrase(finding.message)),
    facts.length ? make("dl", {}, ...facts.map(([term, value]) =>
      make("div", { class: term.toLowerCase() }, make("dt", {}, term), make("dd", {}, ...(term === "Cure" ? phrase(value) : [value]))))) : null);
}

function showMark(number) {
  for (const line of panel.querySelectorAll(".line.shown")) line.classList.remove("shown");
  const line = panel.querySelector(`[data-mark="${number}"]`)?.closest(".line");
  line?.classList.add("shown");
  line?.scrollIntoView({ block: "center" });
}

/** Open what the address names; says whether there was such a cell. */
function openFromAddress() {
  const version = DATA.versions.indexOf(state.at);
  const group = GROUPS.find((g) => g.scenario === state.scenario
    && (!state.recorded || g.recorded === state.recorded));
  if (!group || version < 0 || !grid.versions.includes(version)) return false;
  const step = state.step && group.steps.find((s) => s.step <= Number(state.step) && Number(state.step) <= s.last);
  if (step) {
    openStep(step, version);
  } else {
    moveTo(grid.rows.indexOf(group), grid.versions.indexOf(version) + 1, false);
    openPanel(group, version, true);
  }
  return true;
}
