// What the reader asked to see, kept in the address so that it can be shared.

const EMPTY = {
  view: "matrix", q: "", status: "", versions: "all", from: "",
  scenario: "", recorded: "", step: "", at: "",
};
const state = { ...EMPTY, ...readAddress() };

function readAddress() {
  const params = new URLSearchParams(location.hash.slice(1));
  return Object.fromEntries([...params].filter(([name]) => name in EMPTY));
}

function writeAddress() {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(state)) {
    if (value !== EMPTY[name]) params.set(name, value);
  }
  try {
    history.replaceState(null, "", `#${params}`);
  } catch {
    // A sandboxed frame has no address of its own; the page works without.
  }
}

const listenToAddress = (changed) => window.addEventListener("hashchange", () => {
  Object.assign(state, EMPTY, readAddress());
  changed();
});

/**
 * The index of the first version that is shown where nobody chose: that of the oldest
 * recording, for nobody moves to what is older. Few versions are all shown.
 */
function firstVersion() {
  const own = GROUPS.map((group) => group.recorded).filter(Boolean).sort(byAge)[0];
  if (!own || DATA.versions.length <= FEW_VERSIONS) return 0;
  return Math.max(0, DATA.versions.findIndex((version) => byAge(version, own) >= 0));
}

const FEW_VERSIONS = 12;
const byAge = (one, other) => (ageOf(one) < ageOf(other) ? -1 : ageOf(one) > ageOf(other) ? 1 : 0);
const FIRST = firstVersion();

/** Indexes of the versions that are shown, oldest first; that of an address is. */
function shownVersions() {
  const at = DATA.versions.indexOf(state.at);
  const first = state.from ? Math.max(0, DATA.versions.indexOf(state.from)) : at >= 0 ? Math.min(at, FIRST) : FIRST;
  return DATA.versions.map((_, index) => index).filter((index) => {
    const preview = isPreview(DATA.versions[index]);
    return index >= first && (state.versions === "all" || (state.versions === "preview") === preview);
  });
}

const wantedStatuses = () => new Set(
  state.status.split(" ").filter(Boolean).map((name) => NAMES.indexOf(name)),
);

/** The steps that pass the filter, by scenario: `[[group, steps], ...]`. */
function filterSteps(versions, statuses) {
  const words = state.q.toLowerCase().split(/\s+/).filter(Boolean);
  const patterns = new Map();
  const hasStatus = (pattern) => {
    if (!patterns.has(pattern)) {
      const cells = DATA.patterns[pattern];
      patterns.set(pattern, versions.some((v) => statuses.has(DATA.cells[cells[v]]?.[0])));
    }
    return patterns.get(pattern);
  };
  const passes = (step) =>
    words.every((w) => wordsOf(step).includes(w) || wordsOfPattern(step.pattern).includes(w))
    && (!statuses.size || hasStatus(step.pattern));
  return GROUPS.map((group) => [group, group.steps.filter(passes)])
    .filter(([, steps]) => steps.length);
}

const isFiltered = () => Boolean(state.q.trim() || state.status);

// Light, dark, or as the system says.
const THEMES = ["auto", "light", "dark"];
let theme = "auto";

function setTheme(name, remember = true) {
  theme = name;
  if (name === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = name;
  const button = byId("theme");
  button.textContent = `Theme: ${name}`;
  try {
    if (remember) localStorage.setItem("azml-theme", name);
  } catch {
    // Storage is refused to some files and frames; the choice lasts as long as the page.
  }
}

function loadTheme() {
  let stored = "auto";
  try {
    stored = localStorage.getItem("azml-theme") ?? "auto";
  } catch {
    // See setTheme.
  }
  setTheme(THEMES.includes(stored) ? stored : "auto", false);
}

const turnTheme = () => setTheme(THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length]);
