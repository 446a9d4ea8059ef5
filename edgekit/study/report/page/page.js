"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const FILTERS = [["runtime", "Runtime"], ["precision", "Precision"], ["device", "Device"]];
const MOST_SHOWN = 40;
const ERRORS = 1; // vega's level
const byId = (id) => document.getElementById(id);
const unknown = (value) => value === null || value === undefined;

const rows = data.rows.map((values) => {
  const row = Object.fromEntries(data.columns.map((column, place) => [column, values[place]]));
  row.device = row.cpu && row.target !== row.cpu ? `${row.target} (${row.cpu})` : row.target;
  row.size = row.height ? `${row.height}x${row.width}` : "";
  row.accuracy = unknown(row.top1) ? row.published_top1 : row.top1;
  row.images_of = unknown(row.top1) ? row.published_on : row.top1_on;
  return row;
});
const measured = rows.filter((row) => row.status === "ok");
const state = { off: new Set(), x: "median_ms", images: null, device: null, profile: 0, sort: "median_ms", down: false };

function h(tag, properties, ...children) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(properties || {})) {
    if (key in node && key !== "list") node[key] = value; else node.setAttribute(key, value);
  }
  node.append(...children.filter((child) => !unknown(child)));
  return node;
}
const fixed = (value, digits = 3) => (unknown(value) ? "" : Number(value.toPrecision(Math.max(digits, 4))).toLocaleString("en", { maximumSignificantDigits: 4 }));
const bytes = (value) => (unknown(value) ? "" : value >= 1e6 ? `${(value / 1e6).toFixed(1)} MB` : `${(value / 1e3).toFixed(1)} kB`);
const distinct = (values) => [...new Set(values.filter((value) => !unknown(value)))];
const time = (row) => `${fixed(row.median_ms)} [${fixed(row.low_ms)}, ${fixed(row.high_ms)}]`;
const shown = () => measured.filter((row) => FILTERS.every(([key]) => !state.off.has(`${key}:${row[key]}`)));
const timed = () => shown().filter((row) => !unknown(row.median_ms));

function theme() {
  const style = getComputedStyle(document.documentElement);
  const of = (name) => style.getPropertyValue(`--${name}`).trim();
  const names = ["text", "quiet", "line", "tflite", "onnxruntime"];
  const classes = ["tflite", "onnxruntime", "good", "bad", "accent", "quiet", "text"].map(of);
  return { ...Object.fromEntries(names.map((name) => [name, of(name)])), classes, narrow: window.innerWidth < 600 };
}

function draw(id, spec, about) {
  const section = byId(id), chart = byId(`${id}-chart`);
  section.hidden = spec === null;
  if (spec === null) return Promise.resolve();
  const t = theme();
  const text = { labelColor: t.text, titleColor: t.text };
  const config = { background: "transparent", font: "system-ui, sans-serif",
    view: { stroke: t.line }, axis: { ...text, gridColor: t.line, domainColor: t.quiet, tickColor: t.quiet, labelOverlap: "greedy", labelSeparation: 8 },
    legend: { ...text, orient: t.narrow ? "bottom" : "right", columns: t.narrow ? 2 : 1, labelLimit: t.narrow ? 110 : 220, symbolBaseFillColor: t.quiet, symbolBaseStrokeColor: t.quiet } };
  chart.setAttribute("role", "figure");
  chart.setAttribute("aria-label", `${about}; the same figures stand in the table of all cells`);
  return vegaEmbed(chart, spec, { actions: false, renderer: "svg", logLevel: ERRORS, config, tooltip: { theme: document.documentElement.dataset.theme } });
}

const AXES = { median_ms: "median latency, ms (log)", size_bytes: "file size, bytes (log)", macs: "MACs (log)" };
function select(label, values, value, change) {
  const list = h("select", {}, ...values.map(([key, title]) => h("option", { value: key, selected: key === value }, title)));
  list.addEventListener("change", () => change(list.value));
  return h("label", {}, `${label} `, list);
}

function drawCharts() {
  const t = theme(), times = timed();
  const known = times.filter((row) => !unknown(row.accuracy));
  const images = distinct(known.map((row) => row.images_of));
  if (!images.includes(state.images)) {
    state.images = images.sort((a, b) => count(known, b) - count(known, a))[0] || null;
  }
  byId("pareto-controls").replaceChildren(
    select("Across", Object.entries(AXES), state.x, (value) => { state.x = value; refresh(); }),
    select("Top-1 on", images.map((each) => [each, each]), state.images, (value) => { state.images = value; refresh(); }));
  const points = known.filter((row) => row.images_of === state.images && row[state.x]);
  const most = times.filter((row) => row.quantiles_ms).sort((a, b) => a.median_ms - b.median_ms).slice(0, MOST_SHOWN);
  byId("distribution-about").textContent = `Thin line: 1 to 99 % of all samples; bar: 25 to 75 %; black: the median of the processes' medians with its 95 % interval. ${most.length < times.length ? `The ${most.length} fastest of ${times.length} cells: filter to see others.` : ""}`;
  return Promise.all([
    draw("pareto", points.length ? charts.pareto(points, state.x, AXES[state.x], t) : null, "Top-1 over cost"),
    draw("distribution", most.length ? charts.distribution(most, t) : null, "Distribution of latency"),
    draw("threads", charts.threads(times, t), "Speed over threads"),
    draw("resolution", charts.resolution(times, t), "Time over input size"),
    draw("ladder", charts.ladder(times, t), "Time of each precision beside float32"),
    drawRoofline(t),
    draw("instructions", charts.instructions(shown().filter((row) => row.instructions), t), "Executed instructions"),
  ]);
}
function drawRoofline(t) {
  const profile = data.profiles[state.profile];
  if (!profile) return draw("roofline", null);
  byId("roofline-controls").replaceChildren(select("File", data.profiles.map((each, place) => [String(place), each.title]), String(state.profile),
    (value) => { state.profile = Number(value); drawRoofline(theme()); }));
  const [dearest] = [...profile.operators].sort((a, b) => b.time_ms - a.time_ms);
  byId("roofline-about").textContent = `A mark is an operator with multiply-accumulates, its area its share of the time; the dashed roof is the highest rate, ${fixed(profile.gmacs_per_s)} GMAC/s, and the highest bandwidth, ${fixed(profile.gbytes_per_s)} GB/s, that any operator of this file reached, not the machine's. The dearest, ${dearest.name} (${dearest.layer_class}), takes ${(100 * dearest.share).toFixed(1)} %. Timed: ${profile.method}.`;
  return draw("roofline", charts.roofline(profile, t), `Rate of each operator over its arithmetic intensity, ${profile.title}`);
}
const count = (some, images) => some.filter((row) => row.images_of === images).length;

function drawFilters() {
  for (const [key, title] of FILTERS) {
    const values = distinct(measured.map((row) => row[key]));
    const boxes = values.map((value) => {
      const box = h("input", { type: "checkbox", checked: true, name: key, value });
      box.addEventListener("change", () => {
        if (box.checked) state.off.delete(`${key}:${value}`); else state.off.add(`${key}:${value}`);
        refresh();
      });
      return h("label", {}, box, ` ${value}`);
    });
    if (values.length > 1) byId("filters").append(h("fieldset", {}, h("legend", {}, title), ...boxes));
  }
}

function drawShip() {
  const devices = distinct(measured.filter((row) => !unknown(row.median_ms)).map((row) => row.device));
  byId("ship").hidden = !devices.length;
  if (!devices.length) return;
  state.device = devices[0];
  const number = (label, key, unit) => {
    const box = h("input", { type: "number", min: "0", step: "any", placeholder: "any", name: key });
    box.addEventListener("input", () => { state[key] = box.value === "" ? null : Number(box.value); answer(); });
    return h("label", {}, `${label} `, box, ` ${unit}`);
  };
  byId("ship-controls").replaceChildren(
    select("Device", devices.map((each) => [each, each]), state.device, (value) => { state.device = value; answer(); }),
    number("At most", "most_ms", "ms"), number("at most", "most_mb", "MB"), number("top-1 at least", "least_top1", "%"));
}

function answer() {
  const fits = timed().filter((row) => row.device === state.device
    && (unknown(state.most_ms) || row.high_ms <= state.most_ms)
    && (unknown(state.most_mb) || row.size_bytes / 1e6 <= state.most_mb)
    && (unknown(state.least_top1) || (row.accuracy || 0) >= state.least_top1));
  const box = byId("ship-answer");
  if (!fits.length) {
    box.replaceChildren(h("p", { className: "picked" }, "No measured file fits: allow more time or size, or less top-1."));
    return;
  }
  const wanted = state.images && fits.some((row) => row.images_of === state.images)
    ? fits.filter((row) => row.images_of === state.images) : fits;
  const best = Math.max(...wanted.map((row) => (unknown(row.accuracy) ? -1 : row.accuracy)));
  const limited = !unknown(state.most_ms) || !unknown(state.most_mb);
  const ranked = [...wanted].sort((a, b) => limited
    ? (unknown(b.accuracy) ? -1 : b.accuracy) - (unknown(a.accuracy) ? -1 : a.accuracy) || a.median_ms - b.median_ms
    : a.median_ms - b.median_ms);
  const first = ranked[0];
  const rivals = ranked.slice(1).filter((row) => row.low_ms <= first.high_ms && row.accuracy === first.accuracy);
  const borrowed = unknown(first.top1) && first.precision !== "float32";
  const why = [limited && best >= 0 ? "It has the highest top-1 of those within the limits, and of equal ones the least time." : "It is the fastest that fits.",
    rivals.length ? `Its interval overlaps with that of ${charts.name(rivals[0])} on ${rivals[0].runtime}: measure both with edgekit compare.` : null,
    borrowed ? "Its top-1 is the published one of float32: measure this file's." : null,
    (first.weights || "").startsWith("untrained") ? "It was measured with seeded weights: bring trained ones." : null];
  box.replaceChildren(h("div", { className: "picked" },
    h("p", {}, h("strong", {}, `${charts.name(first)} on ${first.runtime}`)),
    h("p", {}, `${time(first)} ms with ${first.threads} thread${first.threads > 1 ? "s" : ""}, ${bytes(first.size_bytes)}${unknown(first.accuracy) ? "" : `, top-1 ${first.accuracy.toFixed(1)} % on ${first.images_of}`}`),
    h("p", {}, why.filter(Boolean).join(" "))));
}

const COLUMNS = [["model", "model"], ["precision", "precision"], ["runtime", "runtime"], ["threads", "threads"], ["size", "input"],
  ["batch", "batch"], ["median_ms", "median ms [95 %]", time], ["p90_ms", "p90 ms"], ["accuracy", "top-1 %", (row) => unknown(row.accuracy) ? "" : `${row.accuracy.toFixed(1)}${unknown(row.top1) ? "*" : ""}`],
  ["size_bytes", "size", (row) => bytes(row.size_bytes)], ["macs", "MACs", (row) => unknown(row.macs) ? "" : `${fixed(row.macs / 1e6)} M`],
  ["load_ms", "load ms"], ["private_memory_bytes", "memory", (row) => bytes(row.private_memory_bytes)], ["partitions", "partitions"],
  ["instructions", "instructions", (row) => unknown(row.instructions) ? "" : `${fixed(row.instructions / 1e6)} M`],
  ["device", "device"], ["doubts", "doubts"]];

function drawTable() {
  const some = shown();
  const used = COLUMNS.filter(([key]) => some.some((row) => !unknown(row[key]) && row[key] !== ""));
  const isNumber = ([key]) => some.some((row) => typeof row[key] === "number");
  const sign = state.down ? -1 : 1;
  const ordered = [...some].sort((a, b) => {
    const [x, y] = [a[state.sort], b[state.sort]];
    if (unknown(x) || unknown(y)) return unknown(x) - unknown(y);
    return sign * (x < y ? -1 : x > y ? 1 : 0);
  });
  const head = used.map((column) => {
    const [key, title] = column;
    const button = h("button", { type: "button" }, title);
    button.addEventListener("click", () => { state.down = state.sort === key && !state.down; state.sort = key; drawTable(); });
    const order = state.sort === key ? (state.down ? "descending" : "ascending") : "none";
    return h("th", { scope: "col", className: isNumber(column) ? "number" : "", "aria-sort": order }, button);
  });
  const body = ordered.map((row) => h("tr", {}, ...used.map((column) => {
    const [key, , text] = column;
    const value = text ? text(row) : typeof row[key] === "number" ? fixed(row[key]) : row[key];
    return h("td", { className: isNumber(column) ? "number" : "" }, unknown(value) || (key === "median_ms" && unknown(row.median_ms)) ? "" : String(value));
  })));
  byId("cells-table").replaceChildren(h("table", {}, h("thead", {}, h("tr", {}, ...head)), h("tbody", {}, ...body)));
  const starred = some.some((row) => unknown(row.top1) && !unknown(row.accuracy));
  byId("cells-about").textContent = `${some.length} of ${measured.length} cells.${starred ? " * published, of float32." : ""} A heading sorts.`;
}

function drawClaims() {
  byId("claims").hidden = !data.claims;
  if (!data.claims) return;
  const verdicts = distinct(data.claims.map((claim) => claim.verdict));
  byId("claims-about").textContent = verdicts.map((verdict) => `${data.claims.filter((claim) => claim.verdict === verdict).length} ${verdict}`).join(", ") + ".";
  byId("claims-list").replaceChildren(...data.claims.map((claim) => {
    const numbers = claim.measured.map((each) => h("tr", {}, ...[each.quantity, each.subject,
      each.interval[0] === each.interval[1] ? fixed(each.value) : `${fixed(each.value)} [${fixed(each.interval[0])}, ${fixed(each.interval[1])}]`,
      each.target, each.says].map((text) => h("td", {}, text || ""))));
    const heads = ["quantity", "of", "value [95 %]", "where", "says"].map((text) => h("th", { scope: "col" }, text));
    return h("details", {},
      h("summary", {}, h("span", { className: `verdict ${claim.verdict.replaceAll(" ", "-")}` }, claim.verdict), claim.statement),
      h("p", {}, `${claim.paper}${claim.where ? `, ${claim.where}` : ""} (${claim.name})`),
      claim.experiment ? h("p", {}, claim.experiment) : null, claim.why ? h("p", {}, claim.why) : null,
      numbers.length ? h("div", { className: "scroll", tabIndex: 0, role: "region", "aria-label": `Evidence of ${claim.name}` },
        h("table", {}, h("thead", {}, h("tr", {}, ...heads)), h("tbody", {}, ...numbers))) : null);
  }));
}

function drawWords() {
  const failed = rows.filter((row) => row.status !== "ok");
  byId("summary").textContent = `${measured.length} cells measured${failed.length ? `, ${failed.length} failed` : ""}; edgekit ${data.edgekit_version}. Everything on this page is in it: nothing is fetched.`;
  byId("failures").hidden = !failed.length;
  byId("failures-list").replaceChildren(...failed.map((row) => h("li", {}, `${charts.name(row)} on ${charts.where(row)}: ${row.message}`)));
  byId("conditions-list").replaceChildren(...data.conditions.map((line) => h("li", {}, line)));
}

function save(name, type, text) {
  const link = h("a", { href: URL.createObjectURL(new Blob([text], { type })), download: name });
  link.click();
  URL.revokeObjectURL(link.href);
}
const quoted = (value) => (unknown(value) ? "" : /[",\n]/.test(String(value)) ? `"${String(value).replaceAll('"', '""')}"` : String(value));
byId("download-csv").addEventListener("click", () => save("cells.csv", "text/csv",
  [data.columns, ...data.rows].map((line) => line.map((value) => quoted(Array.isArray(value) ? JSON.stringify(value) : value)).join(",")).join("\n") + "\n"));
byId("download-json").addEventListener("click", () => save("study.json", "application/json", JSON.stringify(data)));

function setTheme(dark) {
  document.documentElement.dataset.theme = dark ? "dark" : "light";
  byId("theme").setAttribute("aria-pressed", String(dark));
  return drawCharts();
}
byId("theme").addEventListener("click", () => setTheme(document.documentElement.dataset.theme !== "dark"));
window.addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((each) => { each.open = true; }));
let width = window.innerWidth < 600;
window.addEventListener("resize", () => { if (window.innerWidth < 600 !== width) { width = !width; drawCharts(); } });

function refresh() {
  answer();
  drawTable();
  return drawCharts();
}

drawFilters();
drawShip();
drawWords();
drawClaims();
document.documentElement.dataset.theme = window.matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
byId("theme").setAttribute("aria-pressed", String(document.documentElement.dataset.theme === "dark"));
refresh().then(() => answer()).then(() => { document.documentElement.dataset.ready = "yes"; });
