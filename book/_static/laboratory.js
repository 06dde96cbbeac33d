// A layer's map before and after an exchange: which photograph, layer, guide, normalization, and how many times.
"use strict";

(() => {
  const { place, data } = widgets.part("laboratory") ?? {};
  if (!place) return;
  const { make } = widgets;
  const state = { photograph: 0, layer: 0, guide: 0, norm: 0, times: 0 };
  const columns = data.layers.length * data.panels.length;
  const lines = 1 + data.norms.length * data.times.length;

  const words = () => {
    const times = data.times[state.times];
    return `${data.guides[state.guide]} → ${data.norms[state.norm]}${times > 1 ? `, ${times} times` : ""}`;
  };

  const row = (title, line) => {
    const { src } = data.sheets[state.photograph][state.guide];
    const tiles = data.panels.map((panel, index) => {
      const alt = `${panel}, layer ${data.layers[state.layer]}, ${title}`;
      const tile = { src, alt, column: state.layer * data.panels.length + index, columns, line, lines };
      return make("figure", {}, widgets.tile(tile), make("figcaption", {}, panel));
    });
    return make("div", { class: "laboratory-row" }, make("strong", {}, title), ...tiles);
  };

  const table = (before, after) => {
    const head = ["", "before", "after"].map((text) => make(text ? "th" : "td", text ? { scope: "col" } : {}, text));
    const body = data.numbers.map((name, index) =>
      make("tr", {}, make("th", { scope: "row" }, name), make("td", {}, before[index]), make("td", {}, after[index])),
    );
    return make("table", { class: "table" }, make("thead", {}, make("tr", {}, ...head)), make("tbody", {}, ...body));
  };

  const view = make("div", { class: "laboratory-view", "aria-live": "polite" });
  const show = () => {
    const { said } = data.sheets[state.photograph][state.guide];
    const line = 1 + state.norm * data.times.length + state.times;
    const maps = make("div", { class: "laboratory-maps" }, row("before", 0), row(`after ${words()}`, line));
    view.replaceChildren(maps, table(said[0][state.layer], said[line][state.layer]));
  };

  const radios = ([title, name, labels]) =>
    widgets.radios(title, `laboratory-${name}`, labels, (value) => {
      state[name] = value;
      show();
    });
  const controls = [
    ["Photograph", "photograph", data.photographs],
    ["Layer", "layer", data.layers],
    ["Guide", "guide", data.guides],
    ["Normalization", "norm", data.norms],
    ["Times", "times", data.times],
  ].map(radios);
  show();
  place.append(make("div", { class: "explore-controls" }, ...controls), view, make("small", {}, data.stamp));
})();
