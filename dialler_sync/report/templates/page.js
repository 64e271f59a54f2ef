// The table of rows: search, filter, sort, pages. All rows are in memory as arrays; only one page is in the document.
(() => {
  "use strict";
  const PAGE = 25, SLICE = 5000;
  const box = document.getElementById("records");
  if (!box) return;

  const { columns, sources, texts, phrases, rows } = JSON.parse(document.getElementById("records-data").textContent);
  const shownColumns = columns.map((column, c) => ({ ...column, c })).filter((column) => column.kind !== "more");
  const moreColumns = columns.map((column, c) => ({ ...column, c })).filter((column) => column.kind === "more");
  const filters = shownColumns.filter((column) => column.kind === "chip" || column.kind === "codes");
  const number = new Intl.NumberFormat(document.documentElement.lang);
  const phrase = (name, values) => phrases[name].replace(/\{(\w+)\}/g, (_, key) => values[key]);

  const text = (row, c) => (columns[c].shared ? texts[row[c]] : String(row[c]));
  const words = (column, value) => (column.kind === "codes" ? [...new Set(value.split("; "))] : [value]);
  const names = (row) => sources[row[columns.length]] ?? [];
  const cells = (row) => row[columns.length + 1];

  const make = (tag, attributes = {}, ...children) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children);
    return element;
  };
  const glyph = (name) => {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("class", `glyph glyph-${name}`);
    svg.setAttribute("aria-hidden", "true");
    const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
    use.setAttribute("href", `#glyph-${name}`);
    svg.append(use);
    return svg;
  };
  const button = (label, act, attributes = {}) => {
    const element = make("button", { type: "button", ...attributes }, label);
    element.addEventListener("click", () => element.getAttribute("aria-disabled") !== "true" && act(element));
    return element;
  };

  // State: the order of all rows, the rows found, and the page shown.
  let order = Uint32Array.from(rows.keys());
  let sorted = { c: -1, down: false };
  let found = order;
  let page = 0;
  let asked = 0;
  const haystacks = [];
  const sortKeys = [];

  // Searching and filtering, in slices, so that typing never waits; a newer query cancels an older one.
  const haystack = (i) =>
    (haystacks[i] ??= [...columns.map((_, c) => text(rows[i], c)), ...(cells(rows[i]) || [])].join("\n").toLowerCase());

  const find = async () => {
    const mine = ++asked;
    box.setAttribute("aria-busy", "true");
    const terms = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const wanted = selects.filter((select) => select.value).map((select) => {
      const c = Number(select.dataset.column);
      return { c, fits: texts.map((value) => words(columns[c], value).includes(select.value)) };
    });
    const result = [];
    for (let at = 0; at < order.length; at += SLICE) {
      if (at) await new Promise((resume) => setTimeout(resume));
      if (mine !== asked) return;
      for (const i of order.subarray(at, at + SLICE)) {
        if (wanted.every(({ c, fits }) => fits[rows[i][c]]) &&
            terms.every((term) => haystack(i).includes(term))) result.push(i);
      }
    }
    found = result;
    page = 0;
    draw();
    box.removeAttribute("aria-busy");
  };

  // Sorting: numbers as numbers, and numbers inside texts by their value.
  const sortKey = (c) =>
    (sortKeys[c] ??= rows.map((row) =>
      columns[c].kind === "number" ? row[c] : text(row, c).toLowerCase().replace(/\d+/g, (digits) => digits.padStart(16, "0"))));

  const sort = (c) => {
    sorted = { c, down: sorted.c === c && !sorted.down };
    const keys = sortKey(c);
    const sign = sorted.down ? -1 : 1;
    order = Uint32Array.from(rows.keys()).sort((a, b) => (keys[a] < keys[b] ? -sign : keys[a] > keys[b] ? sign : a - b));
    for (const header of headers) {
      const is = Number(header.dataset.column) === c;
      header.setAttribute("aria-sort", is ? (sorted.down ? "descending" : "ascending") : "none");
    }
    find();
  };

  // Drawing one page.
  const content = (row, column) => {
    const value = text(row, column.c);
    if (column.kind === "chip") return [make("span", { class: `chip tone-${value}` }, glyph(value), value)];
    if (column.kind === "codes") return words(column, value).flatMap((code) => [make("code", {}, code), " "]);
    return [column.kind === "number" ? number.format(row[column.c]) : value];
  };

  const details = (row) => {
    const list = make("dl", { class: "more" });
    for (const column of moreColumns) {
      const value = text(row, column.c);
      if (value) list.append(make("div", {}, make("dt", {}, column.label), make("dd", {}, value)));
    }
    const original = cells(row);
    if (original === 0) return [list, make("p", { class: "hint" }, phrases.cut)];
    if (!original) return [list];
    const sheet = make("dl", { class: "more original" });
    original.forEach((cell, n) => {
      if (cell) sheet.append(make("div", {}, make("dt", {}, names(row)[n] ?? phrases.beyond), make("dd", {}, cell)));
    });
    return [list, make("h3", {}, phrases.original), sheet];
  };

  const line = (i) => {
    const row = rows[i];
    const [first, ...others] = shownColumns;
    const toggle = button("", (self) => {
      const open = self.getAttribute("aria-expanded") === "true";
      self.setAttribute("aria-expanded", String(!open));
      if (open) return document.getElementById(`details-${i}`).remove();
      const cell = make("td", { colspan: shownColumns.length, role: "cell" }, ...details(row));
      self.closest("tr").after(make("tr", { class: "details", id: `details-${i}`, role: "row" }, cell));
    }, { "aria-expanded": "false", class: "toggle", "aria-label": phrase("details", { column: first.label, value: text(row, first.c) }) });
    toggle.append(glyph("chevron"), ...content(row, first));
    return make("tr", { role: "row" },
      make("th", { scope: "row", role: "rowheader" }, toggle),
      ...others.map((column) =>
        make("td", { role: "cell", ...(column.kind === "text" && { "data-label": column.label }) }, ...content(row, column))));
  };

  const draw = () => {
    const pages = Math.max(1, Math.ceil(found.length / PAGE));
    const from = page * PAGE, to = Math.min(from + PAGE, found.length);
    body.replaceChildren(...Array.from(found.slice(from, to), line));
    const counts = { from: from + 1, to, found: found.length, all: rows.length };
    for (const name in counts) counts[name] = number.format(counts[name]);
    box.querySelector(".found").textContent =
      phrase(!found.length ? "none" : found.length < rows.length ? "found" : "rows", counts);
    steps.forEach(({ element, target }) =>
      element.setAttribute("aria-disabled", String(target(pages) === page || pages === 1)));
    pager.hidden = pages === 1;
    here.textContent = phrase("page", { page: number.format(page + 1), pages: number.format(pages) });
  };

  // Putting the controls together.
  const form = box.querySelector("form");
  const control = (label, element, name) => {
    element.id = `records-control-${form.childElementCount}`;
    form.append(make("div", { class: name }, make("label", { for: element.id }, label), element));
    return element;
  };
  const search = control(phrases.search, make("input", { type: "search", autocomplete: "off", spellcheck: "false" }), "search");
  const selects = filters.map((column) => {
    const counts = new Map();
    for (const row of rows) for (const word of words(column, text(row, column.c))) counts.set(word, (counts.get(word) ?? 0) + 1);
    const options = [...counts].sort((a, b) => b[1] - a[1])
      .map(([word, count]) => make("option", { value: word }, `${word} (${number.format(count)})`));
    return control(column.label,
      make("select", { "data-column": column.c }, make("option", { value: "" }, phrases.all), ...options), "choice");
  });
  form.append(make("button", { type: "reset" }, phrases.clear));
  form.addEventListener("input", find);
  form.addEventListener("reset", () => setTimeout(find));
  form.addEventListener("submit", (event) => event.preventDefault());

  const headers = shownColumns.map((column) =>
    make("th", { scope: "col", role: "columnheader", "aria-sort": "none", "data-column": column.c },
      button(column.label, () => sort(column.c), { class: "sort" })));
  headers.forEach((header) => header.firstChild.append(glyph("sort")));
  const body = make("tbody", { role: "rowgroup" });
  box.querySelector("table").append(
    make("thead", { role: "rowgroup" }, make("tr", { role: "row" }, ...headers)), body);

  const pager = box.querySelector(".pager");
  const here = make("span", {});
  const go = (target) => {
    page = target(Math.ceil(found.length / PAGE));
    draw();
    box.querySelector("table").scrollIntoView({ block: "nearest" });
  };
  const step = (label, target) => ({ target, element: button(label, () => go(target)) });
  const steps = [
    step(phrases.first, () => 0),
    step(phrases.previous, () => Math.max(0, page - 1)),
    step(phrases.next, (pages) => Math.min(pages - 1, page + 1)),
    step(phrases.last, (pages) => pages - 1),
  ];
  pager.append(steps[0].element, steps[1].element, here, steps[2].element, steps[3].element);

  // "Show these rows" beside a reason sets the filter.
  for (const link of document.querySelectorAll("a[data-filter]")) {
    link.addEventListener("click", () => {
      form.reset();
      selects[filters.findIndex((column) => column.label === link.dataset.filter)].value = link.dataset.value;
      find();
    });
  }

  box.hidden = false;
  draw();
})();
