// The report, as the page reads it: tables of what repeats, and look-ups in them.

const DATA = JSON.parse(document.getElementById("data").textContent);

// Worst last, as in DATA.statuses.
const STATUS = {
  ok: { mark: "\u00b7", means: "accepted, and means the same" },
  unknown: { mark: "?", means: "the source of that version cannot tell; never counted as a break" },
  warns: { mark: "W", means: "accepted, with a warning" },
  gone: { mark: "G", means: "the operation, or a part of its answer that was read, is not there" },
  refused: { mark: "R", means: "answered 400: a required property is missing, or a value is wrong" },
  ignored: { mark: "I", means: "accepted, but a property is dropped: the call succeeds and does something else" },
};
const NAMES = DATA.statuses;
const FIRST_BREAK = NAMES.indexOf("gone");
const ABSENT = -1;
const WORST_FIRST = ["refused", "ignored", "gone"].map((name) => NAMES.indexOf(name));

const TAIL = 12; // how much of the end of a long name is always shown

const isPreview = (version) => version.length > 10;

/** What tells which of two versions is older: a preview comes before its own day's. */
const ageOf = (version) => version.slice(0, 10) + (isPreview(version) ? "a" : "b");
const AGES = DATA.versions.map(ageOf);

/** A function that remembers what it gave; its arguments are numbers. */
function remember(give) {
  const known = new Map();
  return (...asked) => {
    const key = asked.join();
    if (!known.has(key)) known.set(key, give(...asked));
    return known.get(key);
  };
}

const errorsOf = remember((cell) => (DATA.cells[cell] ?? []).slice(2)
  .map((index) => DATA.findings[index])
  .filter(([, severity]) => DATA.texts[severity] === "error")
  .map(([code, , , pointer]) => `${code} ${pointer}`));

/**
 * What becomes of calls at each version: the index of the status, ABSENT where unjudged,
 * and whether moving there breaks them. What was wrong at the recorded version already is
 * no break: some scenarios send a bad body on purpose. The same rule as
 * regression/outcome.py, and a test compares them.
 */
const fareOf = remember((pattern, own) => {
  const known = new Set(errorsOf(own));
  const cells = DATA.patterns[pattern];
  const statuses = cells.map((cell) => DATA.cells[cell]?.[0] ?? ABSENT);
  const breaks = cells.map((cell, version) => statuses[version] >= FIRST_BREAK
    && errorsOf(cell).some((error) => !known.has(error)));
  return { statuses, breaks };
});

const GROUPS = DATA.groups.map(([scenario, recorded, target, goal, edits]) => ({
  scenario, recorded, target, goal, edits, age: ageOf(recorded), steps: [],
}));
const STEPS = foldPolls();
for (const step of STEPS) step.group.steps.push(step);

/** The calls; a GET that was sent again, with nothing between and the same end, is one. */
function foldPolls() {
  const found = [];
  for (const [group, step, operation, label, request, response, pattern, own] of DATA.rows) {
    const made = {
      group: GROUPS[group],
      step,
      last: step,
      calls: 1,
      operation: DATA.texts[operation],
      label: DATA.texts[label],
      request: DATA.exchanges[request],
      response: DATA.exchanges[response],
      pattern,
      fare: fareOf(pattern, own),
    };
    const before = found.at(-1);
    if (before && isPollOf(before, made)) {
      before.calls += 1;
      before.last = step;
    } else {
      found.push(made);
    }
  }
  return found;
}

function isPollOf(before, step) {
  const same = ["group", "operation", "label", "request", "response", "fare"];
  return step.label.startsWith("GET ") && same.every((name) => before[name] === step[name]);
}

function callsOf(steps) {
  return steps.reduce((sum, step) => sum + step.calls, 0);
}

const CALLS = callsOf(STEPS);

/** The packed cell of a step at a version's index; undefined where it was not judged. */
function cellOf(step, version) {
  return DATA.cells[DATA.patterns[step.pattern][version]];
}

const statusOf = (step, version) => step.fare.statuses[version];

/** Whether moving to a version breaks a call, or any call of a scenario. */
const breaksAt = (row, version) => (row.steps
  ? row.steps.some((step) => step.fare.breaks[version])
  : row.fare.breaks[version]);

/**
 * Of steps, the worst status that is new at a version, and the next where both are new
 * breaks: what a reader has to mend is not hidden by what was wrong before. A refused call
 * comes first, as it stops the rest. Without a new break, the worst of all.
 */
function worstOf(steps, version) {
  const fresh = new Set();
  let worst = ABSENT;
  for (const step of steps) {
    const { statuses, breaks } = step.fare;
    if (breaks[version]) fresh.add(statuses[version]);
    worst = Math.max(worst, statuses[version]);
  }
  return fresh.size ? WORST_FIRST.filter((status) => fresh.has(status)) : [worst];
}

const isOlder = (row, version) => AGES[version] < (row.group ?? row).age;

/** The newest of some versions, not older than the recorded one, that breaks nothing. */
function newestUnchanged(group, versions) {
  const whole = versions.filter((v) => !isOlder(group, v) && !breaksAt(group, v));
  return whole.length ? DATA.versions[whole.at(-1)] : "";
}

const FINDING_FIELDS = ["code", "severity", "message", "pointer", "cure", "side", "evidence", "since"];
const SEVERITIES = ["error", "warning", "info"];

/** The findings of a step at a version, worst first, and since when it is so. */
function findingsOf(step, version) {
  const [, since, ...found] = cellOf(step, version) ?? [0, 0];
  const findings = found.map((index) => {
    const packed = DATA.findings[index];
    const finding = {};
    FINDING_FIELDS.forEach((name, i) => { finding[name] = DATA.texts[packed[i]]; });
    [finding.expected, finding.seen] = packed.slice(FINDING_FIELDS.length);
    return finding;
  });
  findings.sort((a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity));
  return { since: DATA.texts[since], findings };
}

// What a search looks through. Calls with the same row of cells share its words.
const wordsOfPattern = remember((index) => {
  const words = new Set();
  for (const cell of new Set(DATA.patterns[index])) {
    for (const finding of (DATA.cells[cell] ?? []).slice(2)) {
      const packed = DATA.findings[finding];
      words.add(DATA.texts[packed[0]]).add(DATA.texts[packed[3]]);
    }
  }
  return [...words].join(" ").toLowerCase();
});

function wordsOf(step) {
  const { group } = step;
  step.words ??= [
    group.scenario, group.recorded, step.operation, step.label,
    step.request?.method ?? "", step.request?.uri ?? "",
  ].join(" ").toLowerCase();
  return step.words;
}

/** An element; text becomes text nodes, never markup. */
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value == null) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child || child === 0));
  return element;
}

/** Text in which what stands between backticks is code. */
const phrase = (text) => text.split(/`([^`]+)`/).map((part, index) =>
  (index % 2 ? make("code", {}, part) : part));

/** A name whose middle gives way where there is no room: both ends tell it apart. */
function makeName(text, name = "text", least = 2 * TAIL) {
  const tail = text.length > least ? text.slice(-TAIL) : "";
  return make("span", { class: name },
    make("span", { class: "start" }, text.slice(0, text.length - tail.length)),
    tail && make("span", { class: "tail" }, tail));
}

const count = (n, noun) => `${n.toLocaleString("en")} ${noun}${n === 1 ? "" : "s"}`;
const byId = (id) => document.getElementById(id);
