"use strict";
// The page works without this: it adds a filter, sorting, colours and figures that stay fresh. Whatever it shows goes
// through textContent, so a name stays a name. Every figure stands in an element that says its column (data-f, several
// joined by +) and its kind (data-k); rows are found by data-row, "type.proxy.server".
(() => {
  const page = document.body.dataset;
  const $ = (id) => document.getElementById(id);
  const all = (what, where = document) => [...where.querySelectorAll(what)];
  const remembered = (store, name) => { try { return store.getItem(name); } catch { return null; } };
  const remember = (store, name, value) => { try { store.setItem(name, value); } catch { /* private window */ } };

  // -- how figures are written: the same words as the page came with
  const grouped = (n) => String(n).replace(/\B(?=(\d{3})+$)/g, "\u202f");
  const bytes = (n) => {
    let unit = 0;
    while (n >= 1000 && unit < 5) { n /= 1000; unit++; }
    return unit === 0 ? `${n} B` : `${n < 10 ? (Math.floor(n * 10) / 10).toFixed(1) : Math.floor(n)} ${"kMGTP"[unit - 1]}B`;
  };
  const seconds = (s) => {
    const parts = [[86400, "d"], [3600, "h"], [60, "m"], [1, "s"]];
    const first = parts.findIndex(([size]) => s >= size);
    if (first < 0) return "0s";
    return parts.slice(first, first + 2).map(([size, unit]) => {
      const count = Math.floor(s / size);
      s -= count * size;
      return count === 0 ? "" : count + unit;
    }).filter(Boolean).join(" ");
  };
  const written = { b: bytes, s: seconds, m: (n) => `${grouped(n)} ms`, t: (text) => text };
  const tone = (status) => {
    if (/^(UP|OPEN)$/.test(status)) return "up";
    if (/^DOWN/.test(status)) return status === "DOWN" ? "down" : "change";
    if (/^(UP |NOLB|FULL)/.test(status)) return "change";
    return "rest";
  };

  // -- rows
  const rows = new Map(all("tr[data-row]").map((row) => [row.dataset.row, row]));
  const parts = new Map();
  const cellsOf = (row) => {
    if (!parts.has(row)) parts.set(row, all("[data-f]", row).map((at) => ({ at, columns: at.dataset.f.split("+"), kind: at.dataset.k })));
    return parts.get(row);
  };
  const fillIn = (row, record) => {
    for (const { at, columns, kind } of cellsOf(row)) {
      const told = columns.filter((name) => record[name] !== "" && record[name] !== undefined);
      const value = told.length === 0 ? "" : kind === "t" ? record[told[0]] : String(told.reduce((sum, name) => sum + Number(record[name]), 0));
      if (at.dataset.v === value) continue;
      at.dataset.v = value;
      at.textContent = value === "" ? "" : (written[kind] || grouped)(kind === "t" ? value : Number(value));
      at.classList.toggle("zero", value === "0");
      at.parentNode.classList.toggle("hot", "hot" in at.dataset && Number(value) > 0);
    }
    for (const at of all("[data-title]", row)) at.title = at.dataset.title.split("+").map((name) => record[name]).filter(Boolean).join(": ");
    if (record.status !== undefined) row.dataset.tone = tone(record.status);
  };
  const isServer = (row) => row.classList.contains("server");

  // -- filter
  const haystack = (row) => (all("th [data-v], th .name", row).map((at) => at.textContent).join(" ") + " " +
    row.closest(".proxy").dataset.name + " " + (row.querySelector(".state")?.textContent ?? "")).toLowerCase();
  const fits = (row, words, show) => {
    const is = row.dataset.tone;
    if (show !== "" && !isServer(row)) return false;
    if (show === "trouble" && is !== "down" && is !== "change") return false;
    if (show === "up" && is !== "up" && row.querySelector(".state")?.textContent !== "no check") return false;
    if (show === "down" && is !== "down") return false;
    if (show === "rest" && (is !== "rest" || row.querySelector(".state")?.textContent === "no check")) return false;
    const text = words.length === 0 ? "" : haystack(row);
    return words.every((word) => text.includes(word));
  };
  const filter = () => {
    const words = $("filter").value.toLowerCase().split(/\s+/).filter(Boolean);
    const show = $("show").value;
    let any = false;
    for (const section of all(".proxy")) {
      let some = false;
      for (const row of all("tr[data-row]", section)) {
        const shown = fits(row, words, show);
        if (row.hidden === shown) row.hidden = !shown;
        some = some || shown;
      }
      section.hidden = !some;
      any = any || some;
    }
    $("nothing").hidden = any;
    remember(sessionStorage, "filter", $("filter").value);
    remember(sessionStorage, "show", show);
  };

  // -- sorting: servers only; a proxy's own rows keep their places
  const keyOf = (row, column) => {
    const cell = row.cells[column];
    const at = cell.querySelector("[data-v]");
    const value = at ? at.dataset.v : cell.textContent.trim();
    return value !== "" && !Number.isNaN(Number(value)) ? Number(value) : value;
  };
  const compare = (a, b) => {
    if (a === "" || b === "") return (a === "") - (b === "");
    if (typeof a === "number" && typeof b === "number") return a - b;
    return String(a).localeCompare(String(b), undefined, { numeric: true });
  };
  const sort = (table) => {
    const by = table.querySelector("th[aria-sort]");
    const body = table.tBodies[0];
    const servers = [...body.rows].filter(isServer);
    const after = [...body.rows].find((row) => row.classList.contains("back")) ?? null;
    const down = by?.getAttribute("aria-sort") === "descending" ? -1 : 1;
    const keyed = servers.map((row) => [by ? keyOf(row, by.cellIndex) : Number(row.dataset.place), row]);
    keyed.sort(([a], [b]) => (a === "" || b === "" ? compare(a, b) : down * compare(a, b)));
    if (keyed.every(([, row], i) => row === servers[i])) return;
    for (const [, row] of keyed) body.insertBefore(row, after);
  };
  const order = (head) => {
    const now = head.getAttribute("aria-sort");
    const next = now === null ? (head.classList.contains("l") ? "ascending" : "descending")
      : now === (head.classList.contains("l") ? "ascending" : "descending") ? (now === "ascending" ? "descending" : "ascending") : null;
    for (const other of all("th[aria-sort]", head.closest("tr"))) other.removeAttribute("aria-sort");
    if (next !== null) head.setAttribute("aria-sort", next);
    sort(head.closest("table"));
  };
  for (const table of all("table")) {
    all("tr.server", table).forEach((row, place) => { row.dataset.place = place; });
    for (const head of all("thead th", table)) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = head.textContent;
      button.title = head.title;
      button.addEventListener("click", () => order(head));
      head.replaceChildren(button);
    }
    const pick = table.querySelector("thead .all");
    if (!pick) continue;
    const box = document.createElement("input");
    box.type = "checkbox";
    box.setAttribute("aria-label", "Choose all servers shown");
    box.addEventListener("change", () => {
      for (const row of all("tr.server", table)) if (!row.hidden) row.querySelector("input").checked = box.checked;
    });
    pick.replaceChildren(box);
  }

  // -- the tiles
  const tiles = (records) => {
    const sum = (type, column) => records.reduce((all, one) => all + (one.type === type ? Number(one[column] || 0) : 0), 0);
    const servers = records.filter((one) => one.type === "2");
    const is = (...tones) => servers.filter((one) => tones.includes(one.status === "no check" ? "up" : tone(one.status))).length;
    const now = { sessions: sum("0", "scur"), rate: sum("0", "rate"), waiting: sum("1", "qcur") + sum("2", "qcur"),
      up: servers.filter((one) => /^(UP|no check|NOLB)/.test(one.status)).length, all: servers.length,
      down: servers.filter((one) => /^DOWN/.test(one.status)).length, rest: is("rest") };
    for (const at of all("[data-tile]")) at.textContent = grouped(now[at.dataset.tile]);
    for (const at of all("[data-alarm]")) at.classList.toggle("alarm", now[at.dataset.alarm] > 0);
  };

  // -- fresh figures, from the same address as CSV
  const parse = (text) => {
    const table = [];
    let record = [""], quoted = false;
    for (let i = 0; i < text.length; i++) {
      const c = text[i];
      if (quoted) {
        if (c !== "\"") record[record.length - 1] += c;
        else if (text[i + 1] === "\"") { record[record.length - 1] += c; i++; } else quoted = false;
      } else if (c === "\"") quoted = true;
      else if (c === ",") record.push("");
      else if (c === "\n") { table.push(record); record = [""]; } else record[record.length - 1] += c;
    }
    const names = (table.shift() ?? []).map((name) => name.replace(/^# /, ""));
    return table.map((values) => Object.fromEntries(names.map((name, i) => [name, values[i] ?? ""])));
  };
  const say = (text, bad) => { $("said").textContent = text; $("said").classList.toggle("bad", Boolean(bad)); };
  const chosen = () => all("td.pick input:checked").length !== 0;
  let others = "";  // what the list of rows was when it was found to be another than the page's
  const refresh = async () => {
    const got = await fetch(page.csv, { cache: "no-store", credentials: "same-origin" });
    if (!got.ok) throw new Error(`the answer was ${got.status}`);
    const records = parse(await got.text());
    const told = new Set();
    for (const record of records) {
      const key = `${record.type}.${record.iid}.${record.sid}`;
      told.add(key);
      const row = rows.get(key);
      if (row && row.dataset.svname === record.svname) fillIn(row, record);
      else told.add("another");
    }
    tiles(records);
    for (const table of all("table:has(th[aria-sort])")) sort(table);
    filter();
    const list = [...told].join();
    const same = told.size === rows.size && !told.has("another");
    if (!same && list === others && !chosen()) return location.reload();
    others = same ? "" : list;
    say(same ? `as of ${new Date().toLocaleTimeString()}` : "the list of servers has changed: this page loads again soon");
    return undefined;
  };
  let timer = 0;
  const again = () => {
    clearTimeout(timer);
    const wait = Number($("every").value);
    remember(localStorage, "every", $("every").value);
    if (wait === 0) return say("");
    timer = setTimeout(async () => {
      if (!document.hidden) try { await refresh(); } catch (problem) { say(`no fresh figures: ${problem.message}`, true); }
      again();
    }, wait * 1000);
    return undefined;
  };

  // -- colours
  const paint = () => {
    const theme = $("theme").value;
    if (theme === "") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    remember(localStorage, "theme", theme);
  };

  document.querySelector(".tools").hidden = false;
  $("filter").value = remembered(sessionStorage, "filter") ?? "";
  $("show").value = remembered(sessionStorage, "show") ?? "";
  $("theme").value = remembered(localStorage, "theme") ?? "";
  const wish = page.still !== undefined ? "0" : remembered(localStorage, "every") ?? page.refresh ?? "0";
  if (![...$("every").options].some((one) => one.value === wish)) $("every").add(new Option(`${wish} s`, wish));
  $("every").value = wish;
  $("filter").addEventListener("input", filter);
  $("show").addEventListener("change", filter);
  $("every").addEventListener("change", again);
  $("theme").addEventListener("change", paint);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) again(); });
  document.addEventListener("keydown", (key) => {
    if (key.key !== "/" || /INPUT|SELECT|TEXTAREA/.test(document.activeElement.tagName)) return;
    key.preventDefault();
    $("filter").focus();
  });
  paint();
  if ($("filter").value !== "" || $("show").value !== "") filter();
  again();
})();
