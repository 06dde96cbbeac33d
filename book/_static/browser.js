// Maps inside networks: small multiples of all variants for a kind, a layer and a photograph; a click keeps one enlarged.
"use strict";

(() => {
  const KEPT = 2;
  const place = document.querySelector("[data-explore=browser]");
  if (!place) return;
  const data = JSON.parse(place.querySelector("script").textContent);
  const state = { kind: 0, layer: 0, photograph: 0, own: false, kept: [] };
  place.style.setProperty("--colours", data.colours);

  const make = (tag, attributes = {}, ...children) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children);
    return element;
  };

  // A map: which tile of which picture, and all that is said of it.
  const mapOf = (variant) => {
    const kind = data.kinds[state.kind];
    const photograph = Math.min(state.photograph, kind.sheets.length - 1);
    const sheet = kind.sheets[photograph];
    const values = sheet.values[variant][state.layer];
    if (!values) return null;
    const what = kind.sheets.length > 1 ? `, ${data.photographs[photograph]}` : "";
    return {
      key: [kind.id, photograph, state.layer, variant, state.own].join(" "),
      picture: data.folder + sheet.pictures[state.own ? "own" : "shared"],
      place: `--lines: ${kind.variants.length}; --line: ${variant}; --layer: ${state.layer}`,
      ends: state.own ? values.slice(0, 2) : sheet.ends[state.layer],
      mean: values[2],
      unit: kind.unit,
      variant: kind.variants[variant],
      says: `${kind.title}, layer ${state.layer + 1}${what}`,
    };
  };

  const tile = (map) =>
    make(
      "span",
      { class: "map-tile", style: map.place },
      make("img", { src: map.picture, alt: `${map.says}: ${map.variant}`, draggable: "false" }),
    );

  const scale = (ends, unit) =>
    make(
      "span",
      { class: "map-scale" },
      make("span", { class: "map-end" }, `≤ ${ends[0]}`),
      make("span", { class: "map-bar", "aria-hidden": "true" }),
      make("span", { class: "map-end" }, `≥ ${ends[1]}${unit ? ` ${unit}` : ""}`),
    );

  const keep = (map) => {
    const there = state.kept.some((one) => one.key === map.key);
    state.kept = there ? state.kept.filter((one) => one.key !== map.key) : [...state.kept, map].slice(-KEPT);
    showKept();
  };

  const card = (map) => {
    const parts = [tile(map), make("span", { class: "map-name" }, map.variant), make("span", {}, `mean ${map.mean}`)];
    if (state.own) parts.push(scale(map.ends, ""));
    const button = make("button", { type: "button", class: "map-card", "data-key": map.key }, ...parts);
    button.addEventListener("click", () => keep(map));
    return button;
  };

  const given = (photograph) =>
    make(
      "div",
      { class: "map-card map-given" },
      make(
        "span",
        { class: "map-tile", style: `--lines: 1; --line: 0; --count: ${data.photographs.length}; --layer: ${photograph}` },
        make("img", { src: data.folder + data.given, alt: `Photograph of ${data.photographs[photograph]}, its hole white` }),
      ),
      make("span", { class: "map-name" }, "what the networks see"),
    );

  const grid = make("div", { class: "map-grid" });
  const shared = make("p", { class: "map-shared" });
  const note = make("p", { class: "explore-note", "aria-live": "polite" });
  const stamp = make("small", {});
  const kept = make("div", { class: "map-kept" });

  const showKept = () => {
    for (const button of grid.querySelectorAll("button")) {
      button.setAttribute("aria-pressed", state.kept.some((one) => one.key === button.dataset.key));
    }
    const shown = state.kept.map((map) => {
      const close = make("button", { type: "button", class: "map-close" }, "Let go");
      close.addEventListener("click", () => keep(map));
      close.setAttribute("aria-label", `Let go of ${map.variant}, ${map.says}`);
      const words = [make("strong", {}, map.variant), make("span", {}, `${map.says}; mean ${map.mean}`)];
      return make("div", { class: "map-large" }, tile(map), scale(map.ends, map.unit), ...words, close);
    });
    kept.replaceChildren(...(shown.length ? shown : [make("p", {}, "Click a map to keep it here, enlarged.")]));
  };

  const show = () => {
    const kind = data.kinds[state.kind];
    const photograph = Math.min(state.photograph, kind.sheets.length - 1);
    const maps = kind.variants.map((_, variant) => mapOf(variant)).filter(Boolean);
    const first = kind.sheets.length > 1 ? [given(photograph)] : [];
    grid.replaceChildren(...first, ...maps.map(card));
    const ends = kind.sheets[photograph].ends[state.layer];
    shared.replaceChildren(state.own ? `Unit: ${kind.unit}.` : ends ? scale(ends, kind.unit) : "");
    note.textContent = `${kind.title}, layer ${state.layer + 1}: ${kind.says} Networks shown: ${maps.length}.`;
    stamp.textContent = kind.stamp;
    photographs.disabled = kind.sheets.length === 1;
    showKept();
  };

  const radios = (title, name, labels) => {
    const choices = labels.map((label, index) => {
      const radio = make("input", { type: "radio", name: `map-${name}`, value: index });
      radio.checked = index === state[name];
      radio.addEventListener("change", () => {
        state[name] = index;
        show();
      });
      return make("label", {}, radio, ` ${label}`);
    });
    return make("fieldset", {}, make("legend", {}, title), ...choices);
  };

  const kinds = make("select", { name: "map-kind" });
  for (const group of new Set(data.kinds.map((kind) => kind.group))) {
    const options = data.kinds.flatMap((kind, index) => (kind.group === group ? [new Option(kind.title, index)] : []));
    kinds.append(make("optgroup", { label: group }, ...options));
  }
  kinds.addEventListener("change", () => {
    state.kind = Number(kinds.value);
    show();
  });
  const own = make("input", { type: "checkbox", name: "map-own" });
  own.addEventListener("change", () => {
    state.own = own.checked;
    show();
  });
  const layers = radios("Layer", "layer", Array.from({ length: data.layers }, (_, layer) => layer + 1));
  const photographs = radios("Photograph", "photograph", data.photographs);

  const last = data.kinds[0].variants.length - 1;
  state.kept = [...new Set([0, last])].map(mapOf).filter(Boolean);
  show();
  place.querySelector(".explore-still").replaceWith(
    make(
      "div",
      { class: "explore-controls" },
      make("label", {}, make("span", {}, "Kind of map"), kinds),
      layers,
      photographs,
      make("label", { class: "map-own" }, own, " each map on a scale of its own"),
    ),
    note,
    shared,
    grid,
    kept,
    stamp,
  );
})();
