"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const narrow = window.matchMedia("(max-width: 600px)");
  const shown = 12;
  let chosen = null;

  // A message of this script in the page's language; `{name}` is replaced by a value, which is data.
  const _ = (message, values = {}) =>
    (data.words[message] ?? message).replaceAll(/\{(\w+)\}/g, (field, name) => values[name] ?? field);

  const byId = (id) => document.getElementById(id);
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

  // Replaces names of colours by the theme's; values are data and stay as they are.
  const themed = (part) => {
    if (typeof part === "string") return part.startsWith("@") ? colour(part.slice(1)) : part;
    if (Array.isArray(part)) return part.map(themed);
    if (part === null || typeof part !== "object") return part;
    return Object.fromEntries(
      Object.entries(part).map(([key, value]) => [key, key === "values" ? value : themed(value)]),
    );
  };

  const config = () => {
    const text = { labelColor: colour("ink"), titleColor: colour("soft"), labelFontSize: 12, titleFontSize: 12 };
    return {
      aria: false,
      background: null,
      font: getComputedStyle(document.body).fontFamily,
      view: { stroke: null },
      axis: {
        ...text,
        titleFontWeight: "normal",
        gridColor: colour("line"),
        domainColor: colour("grid"),
        tickColor: colour("grid"),
        labelLimit: narrow.matches ? 95 : 180,
      },
      axisY: { grid: false },
      axisQuantitative: { grid: true },
      legend: { ...text, title: null },
    };
  };

  const draw = async (element, spec) => {
    element.classList.remove("failed");
    try {
      await window.vegaEmbed(element, themed(spec), {
        mode: "vega-lite",
        renderer: "svg",
        actions: false,
        ast: true,
        config: config(),
        tooltip: { theme: dark.matches ? "dark" : "light" },
      });
      // The element around the drawing has the name and the role; Vega's own roles have no names.
      const drawing = element.querySelector("svg");
      drawing.setAttribute("aria-hidden", "true");
      drawing.querySelectorAll("[role]").forEach((mark) => mark.removeAttribute("role"));
    } catch (fault) {
      element.classList.add("failed");
      console.error(fault);
    }
  };

  const dayAfter = (day, days) => {
    const date = new Date(`${day}T00:00:00Z`);
    date.setUTCDate(date.getUTCDate() + days);
    return date.toISOString().slice(0, 10);
  };

  // Rows by day: sold, forecast with its range, and the forecast that was published before.
  const daysOf = (product) => {
    const days = new Map();
    const day = (date) => {
      if (!days.has(date)) days.set(date, { date });
      return days.get(date);
    };
    product.h.forEach((units, place) => {
      day(dayAfter(product.d, place * data.period)).sold = units;
    });
    product.f.forEach((units, place) => {
      const step = { forecast: units, p10: product.lo[place], p50: product.md[place], p90: product.hi[place] };
      Object.assign(day(dayAfter(data.cutoff, 1 + place * data.period)), step, { earlier: product.e[place] });
    });
    return [...days.values()];
  };

  const linesOf = (product) => {
    const rows = [];
    // Without a time zone, so that the chart shows the same day everywhere.
    const at = (row) => `${row.date}T00:00:00`;
    // A phone has room for eight weeks of history; the table has all of it.
    const skipped = narrow.matches ? Math.max(0, product.h.length - 56 / data.period) : 0;
    for (const row of daysOf(product).slice(skipped)) {
      if (row.sold !== undefined) rows.push({ date: at(row), what: _("sold"), units: row.sold });
      if (row.forecast !== undefined) {
        rows.push({ date: at(row), what: _("forecast"), units: row.forecast, p10: row.p10, p90: row.p90 });
      }
      if (row.earlier !== undefined && row.earlier !== null) {
        rows.push({ date: at(row), what: _("earlier forecast"), units: row.earlier });
      }
    }
    return rows;
  };

  const number = (value, digits = 1) =>
    value === null || value === undefined
      ? "–"
      : value.toLocaleString("en", { maximumFractionDigits: Math.abs(value) >= 100 ? 0 : digits });
  const percent = (value) => (value === null ? "–" : `${number(value * 100)} %`);
  const sum = (values) => values.reduce((total, value) => total + (value || 0), 0);
  const label = (product) =>
    product.l === "all" ? product.p : _("{product} at {location}", { product: product.p, location: product.l });
  const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

  const element = (tag, text, className) => {
    const made = document.createElement(tag);
    if (text !== undefined) made.textContent = text;
    if (className) made.className = className;
    return made;
  };

  const wordsOf = (product) => {
    const expected = { units: number(sum(product.f)), n: product.f.length };
    const parts = [
      data.period === 1
        ? _("{units} units expected in the next {n} days", expected)
        : _("{units} units expected in the next {n} weeks", expected),
    ];
    if (product.v !== null) parts[0] += _(", worth {value} at its last price", { value: number(product.v) });
    parts.push(_("demand is {class}", { class: product.c }));
    parts.push(_("model {model} ({status})", { model: product.m, status: product.s }));
    if (product.w !== null) {
      const errors = { error: percent(product.w), naive: percent(product.n) };
      parts.push(_("error (WAPE) in the test {error}, seasonal naive {naive}", errors));
    }
    if (product.b !== null) {
      parts.push(_("bias {bias}", { bias: `${product.b > 0 ? "+" : ""}${percent(product.b)}` }));
    }
    const separator = _("; ");
    return _("{sentence}.", { sentence: parts.join(separator) });
  };

  const fillTable = (product) => {
    const table = element("table");
    const head = element("tr");
    [_("date"), _("sold"), _("forecast"), "p10", "p50", "p90", _("forecast before")].forEach((name, place) => {
      const cell = element("th", name, place ? "number" : "");
      cell.scope = "col";
      head.append(cell);
    });
    const top = element("thead");
    top.append(head);
    const body = element("tbody");
    for (const row of daysOf(product).reverse()) {
      const line = element("tr");
      line.append(element("td", row.date));
      for (const name of ["sold", "forecast", "p10", "p50", "p90", "earlier"]) {
        line.append(element("td", number(row[name]), "number"));
      }
      body.append(line);
    }
    table.append(top, body);
    const scroll = element("div", undefined, "scroll");
    scroll.tabIndex = 0;
    scroll.setAttribute("role", "region");
    scroll.setAttribute("aria-label", _("Table of this product"));
    scroll.append(table);
    const words = _("Units of {product}, the last day first", { product: label(product) });
    const caption = element("p", words, "caption");
    byId("product-table").replaceChildren(caption, scroll);
  };

  const drawProduct = () => {
    const spec = { ...data.productChart, data: { values: linesOf(chosen) } };
    return draw(byId("product-chart"), spec);
  };

  const choose = (place, moves) => {
    chosen = data.products[place];
    byId("product").hidden = false;
    byId("product-title").textContent = _("Product {product}", { product: label(chosen) });
    byId("product-words").textContent = wordsOf(chosen);
    const drawn = _("Sales and forecast of {product}; see the table", { product: label(chosen) });
    byId("product-chart").setAttribute("aria-label", drawn);
    const where = chosen.l === "all" ? "" : ` --location ${quoted(chosen.l)}`;
    byId("product-command").textContent = `lepton explain --product ${quoted(chosen.p)}${where}`;
    if (byId("product-details").open) fillTable(chosen);
    if (moves) {
      byId("product").scrollIntoView({ block: "start" });
      byId("product").focus({ preventScroll: true });
    }
    return drawProduct();
  };

  const names = data.products.map((product) => `${label(product)} ${product.c}`.toLowerCase());
  const search = () => {
    const asked = byId("search").value.trim().toLowerCase();
    const found = [];
    names.forEach((name, place) => {
      if (asked && name.includes(asked)) found.push(place);
    });
    found.sort((one, other) => names[other].startsWith(asked) - names[one].startsWith(asked) || one - other);
    byId("results").replaceChildren(
      ...found.slice(0, shown).map((place) => {
        const button = element("button", label(data.products[place]));
        button.type = "button";
        button.dataset.series = place;
        const item = element("li");
        item.append(button);
        return item;
      }),
    );
    const total = data.products.length.toLocaleString("en");
    let words = _("{n} products can be searched.", { n: total });
    if (asked && found.length) {
      words = _("{found} of {n} products match.", { found: found.length.toLocaleString("en"), n: total });
    }
    if (asked && !found.length) {
      words = _("None of the {n} products in this page matches. If it is in the run, this shows it: ", { n: total });
    }
    byId("found").textContent = words;
    if (asked && !found.length) {
      byId("found").append(element("code", `lepton explain --product ${quoted(byId("search").value.trim())}`));
    }
  };

  const drawAll = async () => {
    for (const place of document.querySelectorAll("[data-chart]")) {
      await draw(place, data.charts[Number(place.dataset.chart)]);
    }
    if (chosen) await drawProduct();
    document.documentElement.dataset.drawn = "yes";
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-series]");
    if (button) choose(Number(button.dataset.series), true);
  });
  byId("search").addEventListener("input", search);
  byId("search").addEventListener("keydown", (event) => {
    const first = byId("results").querySelector("button");
    if (event.key === "Enter" && first) first.click();
  });
  byId("product-details").addEventListener("toggle", () => {
    if (byId("product-details").open && chosen) fillTable(chosen);
  });
  dark.addEventListener("change", drawAll);
  search();
  if (data.products.length) {
    choose(0, false).then(drawAll);
  } else {
    drawAll();
  }
})();
