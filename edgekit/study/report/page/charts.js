"use strict";
// Vega-Lite specifications: functions of rows, without knowledge of the page.

const charts = (() => {
  const FLOAT = "float32";
  const PRECISIONS = ["float32", "float16", "weight-int8", "dynamic-int8", "int8", "int16x8"];
  const name = (row) => `${row.model} ${row.precision || ""}`.trim();
  const where = (row) => `${row.runtime}, ${row.threads} thread${row.threads > 1 ? "s" : ""}, ${row.device}`;

  function colors(theme) {
    return { field: "runtime", type: "nominal", title: "runtime",
      scale: { domain: ["tflite", "onnxruntime"], range: [theme.tflite, theme.onnxruntime] } };
  }
  const shapes = { field: "precision", type: "nominal", title: "precision" };
  const MOST_LABELED = 40; // of more rows, a line for each precision and runtime, and names in tooltips
  const kinds = (row) => `${row.precision || "file"} · ${row.runtime}`;
  const tooltip = (fields) => fields.map(([field, title, format]) => ({ field, title, format }));
  const base = (values, height) => ({
    $schema: "https://vega.github.io/schema/vega-lite/v6.json",
    width: "container", height, data: { values },
    autosize: { type: typeof height === "number" ? "fit" : "fit-x", contains: "padding" },
  });

  function labels(values, theme) {
    for (const row of values) row.line = values.length > MOST_LABELED ? kinds(row) : row.label;
    return { field: "line", type: "nominal", title: null, sort: values.map((row) => row.line),
      axis: { labelLimit: theme.narrow ? 140 : 380 } };
  }

  function front(rows, x) {
    let best = -Infinity;
    return [...rows].sort((a, b) => a[x] - b[x] || b.accuracy - a.accuracy)
      .filter((row) => row.accuracy > best && ((best = row.accuracy), true));
  }

  function pareto(rows, x, title, theme) {
    const values = rows.map((row) => ({ ...row, name: name(row), where: where(row), x: row[x],
      low: x === "median_ms" ? row.low_ms : null, high: x === "median_ms" ? row.high_ms : null,
      borrowed: row.top1 === null && row.precision !== FLOAT }));
    const axis = { field: "x", type: "quantitative", title, scale: { type: "log", nice: false, padding: 16 } };
    const y = { field: "accuracy", type: "quantitative", title: "top-1 %", scale: { zero: false, padding: 12 } };
    const layer = [
      { data: { values: front(values, "x") }, mark: { type: "line", color: theme.quiet, strokeDash: [4, 3], interpolate: "step-after" },
        encoding: { x: axis, y } },
      { mark: { type: "point", size: 70, strokeWidth: 2 },
        encoding: { x: axis, y, color: colors(theme), shape: shapes,
          fillOpacity: { condition: { test: "datum.borrowed", value: 0 }, value: 1 },
          fill: colors(theme),
          tooltip: tooltip([["name", "file"], ["where", "on"], ["x", title, ".4~g"], ["accuracy", "top-1 %", ".2f"]]) } },
    ];
    if (x === "median_ms") {
      layer.splice(1, 0, { mark: { type: "rule", strokeWidth: 2 },
        encoding: { x: { ...axis, field: "low" }, x2: { field: "high" }, y, color: colors(theme) } });
    }
    return { ...base(values, 360), layer };
  }

  function distribution(rows, theme) {
    const values = rows.map((row) => {
      const q = row.quantiles_ms;
      return { ...row, label: `${name(row)} · ${where(row)}`, q1: q[0], q25: q[3], q50: q[4], q75: q[5], q99: q[8] };
    });
    const y = labels(values, theme);
    const x = (field) => ({ field, type: "quantitative", title: "ms (log)", scale: { type: "log", nice: false, padding: 8 } });
    const color = colors(theme);
    return { ...base(values, { step: 20 }), layer: [
      { mark: { type: "rule", opacity: 0.7 }, encoding: { y, x: x("q1"), x2: { field: "q99" }, color } },
      { mark: { type: "bar", height: 9, opacity: 0.45 }, encoding: { y, x: x("q25"), x2: { field: "q75" }, color } },
      { mark: { type: "bar", height: 3, color: theme.text }, encoding: { y, x: x("low_ms"), x2: { field: "high_ms" } } },
      { mark: { type: "tick", size: 14, thickness: 2, color: theme.text }, encoding: { y, x: x("median_ms"),
        tooltip: tooltip([["label", "cell"], ["median_ms", "median ms", ".4~g"], ["low_ms", "from", ".4~g"], ["high_ms", "to", ".4~g"], ["q1", "1 %", ".4~g"], ["q99", "99 %", ".4~g"], ["samples", "samples"]]) } },
    ] };
  }

  function lines(values, x, y, theme, reference) {
    const encoding = { x, y, color: colors(theme), detail: [{ field: "series" }],
      strokeDash: { ...shapes, legend: null }, shape: shapes,
      tooltip: tooltip([["series", "file"], [x.field, x.title, ".4~g"], [y.field, y.title, ".3~f"], ["median_ms", "median ms", ".4~g"]]) };
    const layer = [{ mark: { type: "line", point: { size: 45 }, opacity: 0.8 }, encoding }];
    if (reference) {
      layer.unshift({ data: { values: reference }, mark: { type: "line", strokeDash: [5, 4], color: theme.quiet },
        encoding: { x, y } });
    }
    return { ...base(values, 300), layer };
  }

  function scaled(rows, series, at, relative) {
    const groups = new Map();
    for (const row of rows) {
      const key = series(row);
      groups.set(key, [...(groups.get(key) || []), row]);
    }
    const values = [];
    for (const [key, group] of groups) {
      if (new Set(group.map(at)).size < 2) continue;
      const first = group.reduce((a, b) => (at(b) < at(a) ? b : a));
      for (const row of group) values.push({ ...row, series: key, ...relative(row, first) });
    }
    return values;
  }

  function threads(rows, theme) {
    const values = scaled(rows, (row) => `${name(row)}, ${row.runtime}, ${row.size}, ${row.device}`, (row) => row.threads,
      (row, first) => ({ faster: first.threads === 1 ? first.median_ms / row.median_ms : null })).filter((row) => row.faster);
    if (!values.length) return null;
    const counts = [...new Set([1, ...values.map((row) => row.threads)])];
    const most = Math.max(...counts);
    return lines(values, { field: "threads", type: "quantitative", title: "threads", axis: { values: counts, format: "d" } },
      { field: "faster", type: "quantitative", title: "times as fast" }, theme,
      [{ threads: 1, faster: 1 }, { threads: most, faster: most }]);
  }

  function resolution(rows, theme) {
    const values = scaled(rows.filter((row) => row.height),
      (row) => `${row.family || row.model} ${row.model.replace(/-\d+$/, "")} ${row.precision || ""}, ${row.runtime}, ${row.threads}, ${row.batch}, ${row.device}`,
      (row) => row.height * row.width,
      (row, first) => ({ area: (row.height * row.width) / (first.height * first.width), slower: row.median_ms / first.median_ms }));
    if (!values.length) return null;
    const most = Math.max(...values.map((row) => row.area));
    return lines(values, { field: "area", type: "quantitative", title: "area beside the smallest" },
      { field: "slower", type: "quantitative", title: "time beside the smallest" }, theme,
      [{ area: 1, slower: 1 }, { area: most, slower: most }]);
  }

  function ladder(rows, theme) {
    const key = (row) => [row.model, row.size, row.batch, row.runtime, row.threads, row.device].join("|");
    const floats = new Map(rows.filter((row) => row.precision === FLOAT).map((row) => [key(row), row]));
    const values = rows.filter((row) => row.precision !== FLOAT && floats.has(key(row))).map((row) => {
      const float = floats.get(key(row));
      return { ...row, label: `${name(row)} · ${where(row)}`, ratio: row.median_ms / float.median_ms,
        low: row.low_ms / float.high_ms, high: row.high_ms / float.low_ms,
        lost: row.top1 !== null && float.top1 !== null ? float.top1 - row.top1 : null };
    }).sort((a, b) => a.ratio - b.ratio);
    if (!values.length) return null;
    const y = labels(values, theme);
    const x = (field) => ({ field, type: "quantitative", title: "time beside float32", scale: { zero: false } });
    return { ...base(values, { step: 20 }), layer: [
      { data: { values: [{ one: 1 }] }, mark: { type: "rule", strokeDash: [4, 3], color: theme.quiet }, encoding: { x: { ...x("one") } } },
      { mark: { type: "rule", strokeWidth: 2 }, encoding: { y, x: x("low"), x2: { field: "high" }, color: colors(theme) } },
      { mark: { type: "point", filled: true, size: 60 }, encoding: { y, x: x("ratio"), color: colors(theme), shape: { ...shapes, sort: PRECISIONS },
        tooltip: tooltip([["label", "cell"], ["ratio", "time beside float32", ".3f"], ["low", "from", ".3f"], ["high", "to", ".3f"], ["lost", "top-1 lost, points", ".2f"]]) } },
    ] };
  }

  function instructions(rows, theme) {
    if (!rows.length) return null;
    const values = rows.map((row) => ({ ...row, label: `${name(row)} · ${row.runtime}`, count: row.instructions / 1e6 }))
      .sort((a, b) => a.count - b.count);
    return { ...base(values, { step: 20 }), mark: { type: "point", filled: true, size: 60 }, encoding: {
      y: labels(values, theme),
      x: { field: "count", type: "quantitative", title: "million instructions an inference (log)", scale: { type: "log", nice: false, padding: 8 } },
      shape: { field: "target", type: "nominal", title: "processor" }, color: colors(theme),
      tooltip: tooltip([["label", "file"], ["target", "processor"], ["count", "million", ".4~g"]]) } };
  }

  function roofline(profile, theme) {
    const values = profile.operators.map((each) => ({ ...each, percent: 100 * each.share }));
    const intensities = values.map((each) => each.macs_per_byte);
    const ridge = profile.gmacs_per_s / profile.gbytes_per_s;
    const roof = [Math.min(...intensities, ridge) / 2, ridge, Math.max(...intensities, ridge) * 2]
      .map((x) => ({ macs_per_byte: x, gmacs_per_s: Math.min(profile.gmacs_per_s, profile.gbytes_per_s * x) }));
    const x = { field: "macs_per_byte", type: "quantitative", title: "MACs a byte (log)", scale: { type: "log", nice: false, padding: 8 } };
    const y = { field: "gmacs_per_s", type: "quantitative", title: "GMAC/s (log)", scale: { type: "log", nice: false, padding: 8 } };
    const kind = { field: "layer_class", type: "nominal", title: "class of layer" };
    return { ...base(values, 340), layer: [
      { data: { values: roof }, mark: { type: "line", color: theme.quiet, strokeDash: [5, 4] }, encoding: { x, y } },
      { mark: { type: "point", filled: true, opacity: 0.7 }, encoding: { x, y,
        color: { ...kind, scale: { range: theme.classes } }, shape: kind,
        size: { field: "percent", type: "quantitative", title: "% of time", scale: { range: [25, 500] }, legend: null },
        tooltip: tooltip([["name", "operator"], ["layer_class", "class"], ["time_ms", "ms", ".3~g"], ["percent", "% of time", ".1f"], ["gmacs_per_s", "GMAC/s", ".3~g"], ["macs_per_byte", "MACs a byte", ".3~g"]]) } },
    ] };
  }

  return { name, where, front, pareto, distribution, threads, resolution, ladder, roofline, instructions };
})();
