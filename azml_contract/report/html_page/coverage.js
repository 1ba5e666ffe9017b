// How much of the contract the recordings exercise, and what they leave out.

const KINDS = [
  ["operations", "Operations"],
  ["discriminator_values", "Discriminator values"],
  ["properties", "Properties"],
  ["status_codes", "Status codes"],
];

const percent = (part, whole) => (whole ? `${Math.round((100 * part) / whole)} %` : "-");

function fillCoverage() {
  const root = byId("coverage");
  const { versions, other_calls: others } = DATA.coverage;
  const notes = [
    "A property counts when a request held it or an answer did.",
    "In reach is what the operations that were called could have shown.",
    others ? `${count(others, "call")} of other providers and hosts are not counted.` : "",
  ].filter(Boolean).join(" ");
  const body = make("div", { class: "detail" });
  const choose = make("select", { id: "coverage-version", onchange: () => fillDetail(body, choose.value) },
    ...versions.map((one) => make("option", { value: one.api_version }, one.api_version)));
  choose.value = versions.at(-1)?.api_version ?? "";
  root.replaceChildren(
    make("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Coverage by api-version" }, makeTable(versions)),
    make("p", { class: "quiet" }, notes),
    make("div", { class: "choose" },
      make("label", { class: "choice" }, make("span", {}, "Not exercised at"), choose)),
    body);
  if (versions.length) fillDetail(body, choose.value);
}

function makeTable(versions) {
  return make("table", {},
    make("thead", {}, make("tr", {},
      make("th", { scope: "col" }, "Recorded at"),
      make("th", { scope: "col", class: "number" }, "Calls"),
      ...KINDS.map(([, title]) => make("th", { scope: "col" }, title)))),
    make("tbody", {}, ...versions.map((one) => make("tr", {},
      make("th", { scope: "row" }, one.api_version),
      make("td", { class: "number", "data-title": "Calls" }, one.calls.toLocaleString("en")),
      ...KINDS.map(([kind, title]) => make("td", { "data-title": title }, makeBar(one[kind])))))));
}

function makeBar({ exercised, in_reach: reach, total }) {
  const part = (name, value) => {
    const bar = make("i", { class: name });
    bar.style.width = `${total ? (100 * value) / total : 0}%`;
    return bar;
  };
  const within = reach < total ? `, ${percent(exercised, reach)} of ${reach.toLocaleString("en")} in reach` : "";
  return make("div", { class: "measure" },
    make("p", {}, make("b", {}, `${exercised}`), ` of ${total.toLocaleString("en")}`,
      make("span", { class: "quiet" }, ` ${percent(exercised, total)}${within}`)),
    make("div", { class: "bar", "aria-hidden": "true" }, part("reach", reach < total ? reach : 0), part("hit", exercised)));
}

function fillDetail(root, version) {
  const one = DATA.coverage.versions.find((each) => each.api_version === version);
  root.replaceChildren(...KINDS.map(([kind, title]) => makeKind(title, one[kind])));
  if (one.operations_without_status_codes) {
    root.append(make("p", { class: "quiet" },
      `The source of this version does not tell the status codes of ${count(one.operations_without_status_codes, "operation")}.`));
  }
}

function makeKind(title, items) {
  const sizes = ["missed", "beyond", "hit"].map((name) => sizeOf(items[name]));
  return make("section", {},
    make("h2", {}, title),
    makeList(`${sizes[0].toLocaleString("en")} not exercised${sizes[1] ? ", in reach" : ""}`, items.missed),
    sizes[1] ? makeList(`${sizes[1].toLocaleString("en")} beyond the operations called`, items.beyond) : null,
    makeList(`${sizes[2]} exercised`, items.hit));
}

const sizeOf = (groups) => Object.values(groups).reduce((sum, names) => sum + names.length, 0);

/** A closed list, filled when it is first opened. */
function makeList(title, groups) {
  const list = make("details", {}, make("summary", {}, title));
  list.addEventListener("toggle", () => {
    if (list.children.length > 1) return;
    list.append(make("dl", {}, ...Object.entries(groups).map(([group, names]) =>
      make("div", {}, make("dt", {}, group), make("dd", {}, names.join(", "))))));
  });
  return list;
}
