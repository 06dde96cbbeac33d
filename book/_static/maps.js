// Maps inside networks: small multiples of all variants for a kind, a layer and a photograph; a click keeps one enlarged.
"use strict";

(() => {
  const KEPT = 2;
  const { place, data } = widgets.part("maps") ?? {};
  if (!place) return;
  const { make } = widgets;
  const state = { kind: 0, layer: 0, photograph: 0, own: false, kept: [] };
  place.style.setProperty("--colours", data.colours);

  const sheetOf = (kind) => Math.min(state.photograph, kind.sheets.length - 1);

  // A map: which tile of which picture, and all that is said of it; null where a variant has no such layer.
  const mapOf = (variant) => {
    const kind = data.kinds[state.kind];
    const photograph = sheetOf(kind);
    const sheet = kind.sheets[photograph];
    const values = sheet.values[variant][state.layer];
    if (!values) return null;
    const [low, high, mean] = values;
    const of = kind.sheets.length > 1 ? `, ${data.photographs[photograph]}` : "";
    const says = `${kind.title}, layer ${state.layer + 1}${of}`;
    return {
      key: [kind.id, photograph, state.layer, variant, state.own].join(" "),
      src: data.folder + sheet.pictures[state.own ? "own" : "shared"],
      alt: `${says}: ${kind.variants[variant]}`,
      column: state.layer,
      columns: data.layers,
      line: variant,
      lines: kind.variants.length,
      ends: state.own ? [low, high] : sheet.ends[state.layer],
      mean,
      unit: kind.unit,
      variant: kind.variants[variant],
      says,
    };
  };

  const end = (...words) => make("span", { class: "map-end" }, words.filter(Boolean).join(" "));
  const scale = ([low, high], unit) =>
    make("span", { class: "map-scale" }, end("≤", low), make("span", { class: "map-bar" }), end("≥", high, unit));

  const isKept = (key) => state.kept.some((map) => map.key === key);
  const keep = (map) => {
    state.kept = isKept(map.key) ? state.kept.filter(({ key }) => key !== map.key) : [...state.kept, map].slice(-KEPT);
    showKept();
  };

  const card = (map) => {
    const parts = [widgets.tile(map), make("strong", {}, map.variant), make("span", {}, `mean ${map.mean}`)];
    if (state.own) parts.push(scale(map.ends));
    const button = make("button", { type: "button", class: "map-card", "data-key": map.key }, ...parts);
    button.addEventListener("click", () => keep(map));
    return button;
  };

  const given = (photograph) => {
    const alt = `Photograph of ${data.photographs[photograph]}, its hole white`;
    const tile = { src: data.folder + data.given, alt, column: photograph, columns: data.photographs.length };
    return make("div", { class: "map-card map-given" }, widgets.tile(tile), make("strong", {}, "What the networks see"));
  };

  const grid = make("div", { class: "map-grid" });
  const shared = make("p", { class: "map-shared" });
  const note = make("p", { class: "explore-note", "aria-live": "polite" });
  const stamp = make("small", {});
  const kept = make("div", { class: "map-kept" });

  const large = (map) => {
    const label = `Remove ${map.variant}, ${map.says}`;
    const remove = make("button", { type: "button", class: "map-remove", "aria-label": label }, "Remove");
    remove.addEventListener("click", () => {
      keep(map);
      (kept.querySelector("button") ?? grid.querySelector("button")).focus();
    });
    const words = [make("strong", {}, map.variant), make("span", {}, `${map.says}; mean ${map.mean}`)];
    return make("div", { class: "map-large" }, widgets.tile(map), scale(map.ends, map.unit), ...words, remove);
  };

  const showKept = () => {
    for (const button of grid.querySelectorAll("button")) {
      button.setAttribute("aria-pressed", isKept(button.dataset.key));
    }
    const empty = make("p", {}, "Choose a map above: it is kept here, enlarged.");
    kept.replaceChildren(...(state.kept.length ? state.kept.map(large) : [empty]));
  };

  const show = () => {
    const kind = data.kinds[state.kind];
    const maps = kind.variants.map((_, variant) => mapOf(variant)).filter(Boolean);
    const ofPhotograph = kind.sheets.length > 1;
    grid.replaceChildren(...(ofPhotograph ? [given(sheetOf(kind))] : []), ...maps.map(card));
    const ends = kind.sheets[sheetOf(kind)].ends[state.layer];
    shared.replaceChildren(state.own ? `Unit: ${kind.unit}.` : ends ? scale(ends, kind.unit) : "");
    note.textContent = `${kind.title}, layer ${state.layer + 1}. ${kind.says} Networks shown: ${maps.length}.`;
    stamp.textContent = kind.stamp;
    photographs.disabled = !ofPhotograph;
    showKept();
  };

  const set = (name) => (value) => {
    state[name] = value;
    show();
  };
  const groups = [...new Set(data.kinds.map(({ group }) => group))].map((group) => [
    group,
    data.kinds.flatMap((kind, index) => (kind.group === group ? [[kind.title, index]] : [])),
  ]);
  const kinds = widgets.select("Kind of map", "map-kind", groups, state.kind, set("kind"));
  const numbers = Array.from({ length: data.layers }, (_, layer) => layer + 1);
  const layers = widgets.radios("Layer", "map-layer", numbers, set("layer"));
  const photographs = widgets.radios("Photograph", "map-photograph", data.photographs, set("photograph"));
  const own = make("input", { type: "checkbox", name: "map-own" });
  own.addEventListener("change", () => set("own")(own.checked));
  const scales = make("label", { class: "map-own" }, own, " each map on a scale of its own");

  const last = data.kinds[0].variants.length - 1;
  state.kept = [...new Set([0, last])].map(mapOf).filter(Boolean);
  show();
  const controls = make("div", { class: "explore-controls" }, kinds, layers, photographs, scales);
  place.append(controls, note, shared, grid, kept, stamp);
})();
