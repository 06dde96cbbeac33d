// Before and after: two answers for the same hole lie on top of each other, and a divider parts them.
"use strict";

(() => {
  const { place, data } = widgets.part("slider") ?? {};
  if (!place) return;
  const { make } = widgets;
  const methods = data.groups.flatMap((group) => group.methods);
  const state = { left: 0, right: data.first, hole: 0, cut: 50 };

  let next = 0;
  const groups = data.groups.map(({ title, methods }) => [title, methods.map(({ name }) => [name, next++])]);
  const chooser = (side) =>
    widgets.select(side === "left" ? "Left" : "Right", `slider-${side}`, groups, state[side], (method) => {
      state[side] = method;
      show();
    });
  const choosers = { left: chooser("left"), right: chooser("right") };
  const sizes = [...new Set(data.holes.map(({ size }) => size))].map((size) => [
    size,
    data.holes.flatMap((hole, index) => (hole.size === size ? [[`${hole.name}, ${hole.photograph}`, index]] : [])),
  ]);
  const holes = widgets.select("Hole", "slider-hole", sizes, state.hole, (hole) => {
    state.hole = hole;
    show();
  });

  const layers = { right: make("div", { class: "slider-right" }), left: make("div", { class: "slider-left" }) };
  const divider = make("div", { class: "slider-divider", "aria-hidden": "true" });
  const view = make("div", { class: "slider-view" }, layers.right, layers.left, divider);
  const range = make("input", { type: "range", min: 0, max: 100, step: 1, class: "slider-range" });
  const caption = make("p", { class: "explore-note", "aria-live": "polite" });

  const cut = (percent) => {
    state.cut = Math.min(100, Math.max(0, percent));
    view.style.setProperty("--cut", `${state.cut}%`);
    range.value = state.cut;
    const [left, right] = [methods[state.left].name, methods[state.right].name];
    range.setAttribute("aria-valuetext", `${Math.round(state.cut)} % ${left}, the rest ${right}`);
  };

  // Some methods have not filled every hole: they cannot be chosen then, and the last of the others takes their place.
  const offer = (side) => {
    const there = methods.map((method) => method.filled[state.hole] !== null);
    const select = choosers[side].querySelector("select");
    for (const option of select.options) option.disabled = !there[option.value];
    if (!there[state[side]]) state[side] = there.lastIndexOf(true);
    select.value = state[side];
  };

  const show = () => {
    const hole = data.holes[state.hole];
    const told = Object.entries({ left: "Left", right: "Right" }).map(([side, title]) => {
      offer(side);
      const { name, filled } = methods[state[side]];
      const [file, note] = filled[state.hole];
      const alt = `${hole.name} in a photograph of ${hole.photograph}, ${side} of the divider: ${name}`;
      const tag = make("span", { class: "slider-tag", "aria-hidden": "true" }, name);
      layers[side].replaceChildren(widgets.tile({ ...hole.tile, src: data.folder + file, alt }), tag);
      return `${title}: ${[name, note].filter(Boolean).join(", ")}.`;
    });
    caption.textContent = told.join(" ");
    cut(state.cut);
  };

  const follow = (event) => {
    const box = view.getBoundingClientRect();
    cut((100 * (event.clientX - box.left)) / box.width);
  };
  view.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    view.setPointerCapture(event.pointerId);
    follow(event);
    range.focus({ preventScroll: true });
    event.preventDefault();
  });
  view.addEventListener("pointermove", (event) => {
    if (view.hasPointerCapture(event.pointerId)) follow(event);
  });
  range.addEventListener("input", () => cut(Number(range.value)));

  show();
  place.append(
    make("div", { class: "explore-controls" }, choosers.left, choosers.right, holes),
    view,
    make("label", { class: "slider-bar" }, make("span", {}, "Divider"), range),
    caption,
  );
})();
