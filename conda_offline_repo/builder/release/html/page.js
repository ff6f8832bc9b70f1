"use strict";
for (const table of document.querySelectorAll("table.many")) {
  const what = table.dataset.what;
  const body = table.tBodies[0];
  const rows = Array.from(body.rows);
  const heads = Array.from(table.tHead.rows[0].cells);

  const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });
  const compare = (one, other) =>
    typeof one === "number" ? one - other : collator.compare(one, other);
  const value = (row, column) => {
    const cell = row.cells[column];
    if ("value" in cell.dataset) return Number(cell.dataset.value);
    return (cell.querySelector("b") ?? cell).textContent;
  };
  const sort = (column) => {
    const rising = heads[column].getAttribute("aria-sort") !== "ascending";
    const keyed = rows.map((row) => [value(row, column), row]);
    keyed.sort(([one], [other]) => (rising ? 1 : -1) * compare(one, other));
    const sorted = document.createDocumentFragment();
    for (const [, row] of keyed) sorted.append(row);
    body.append(sorted);
    for (const head of heads) head.removeAttribute("aria-sort");
    heads[column].setAttribute("aria-sort", rising ? "ascending" : "descending");
  };
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    button.addEventListener("click", () => sort(column));
    head.append(button);
  });

  const label = document.createElement("label");
  const input = document.createElement("input");
  const output = document.createElement("output");
  Object.assign(input, { type: "search", id: `${table.id}-filter`, autocomplete: "off", spellcheck: false });
  label.htmlFor = output.htmlFor = input.id;
  label.textContent = `Filter ${what}`;
  output.setAttribute("aria-live", "polite");
  let texts = null;
  input.addEventListener("input", () => {
    texts ??= rows.map((row) => Array.from(row.cells)
      .filter((cell, column) => !("unsearched" in heads[column].dataset))
      .map((cell) => cell.textContent).join(" ").toLowerCase());
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    rows.forEach((row, number) => {
      const hidden = !words.every((word) => texts[number].includes(word));
      if (row.hidden !== hidden) row.hidden = hidden;
      if (!hidden) shown += 1;
    });
    output.value = words.length ? `${shown} of ${rows.length} ${what}` : "";
  });
  const filter = document.createElement("div");
  filter.className = "filter";
  filter.setAttribute("role", "search");
  filter.append(label, input, output);
  table.before(filter);
}
