// Before and after: two answers for the same hole lie on top of each other, and a divider parts them.
"use strict";

(() => {
  const place = document.querySelector("[data-explore=slider]");
  if (!place) return;
  const data = JSON.parse(place.querySelector("script").textContent);
  const methods = new Map(data.groups.flatMap((group) => group.methods).map((method) => [method.file, method]));
  const state = { left: "given.webp", right: data.first, hole: 0, cut: 50 };

  const make = (tag, attributes = {}, ...children) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children);
    return element;
  };

  const chooser = (side, title) => {
    const select = make("select", { name: `slider-${side}` });
    for (const group of data.groups) {
      const options = group.methods.map((method) => new Option(method.name, method.file));
      select.append(make("optgroup", { label: group.title }, ...options));
    }
    select.value = state[side];
    select.addEventListener("change", () => {
      state[side] = select.value;
      show();
    });
    return make("label", {}, make("span", {}, title), select);
  };

  const holes = () => {
    const choices = data.holes.map((hole, index) => {
      const radio = make("input", { type: "radio", name: "slider-hole", value: index });
      radio.checked = index === state.hole;
      radio.addEventListener("change", () => {
        state.hole = index;
        show();
      });
      return make("label", {}, radio, ` ${hole.name}, ${hole.photograph}`);
    });
    return make("fieldset", {}, make("legend", {}, "Hole"), ...choices);
  };

  const layer = (side) => {
    const image = make("img", { draggable: "false" });
    const tag = make("span", { class: "slider-tag", "aria-hidden": "true" });
    return { image, tag, element: make("div", { class: `slider-layer slider-${side}` }, image, tag) };
  };
  const layers = { right: layer("right"), left: layer("left") };
  const divider = make("div", { class: "slider-divider", "aria-hidden": "true" });
  const view = make(
    "div",
    { class: "slider-view", style: `--count: ${data.holes.length}` },
    layers.right.element,
    layers.left.element,
    divider,
  );
  const range = make("input", { type: "range", min: 0, max: 100, step: 1, class: "slider-range" });
  const caption = make("p", { class: "explore-note", "aria-live": "polite" });

  const cut = (percent) => {
    state.cut = Math.min(100, Math.max(0, percent));
    view.style.setProperty("--cut", `${state.cut}%`);
    range.value = state.cut;
    const [left, right] = ["left", "right"].map((side) => methods.get(state[side]).name);
    range.setAttribute("aria-valuetext", `${Math.round(state.cut)} % ${left}, the rest ${right}`);
  };

  const show = () => {
    const hole = data.holes[state.hole];
    view.style.setProperty("--hole", state.hole);
    const told = ["left", "right"].map((side) => {
      const method = methods.get(state[side]);
      const { image, tag } = layers[side];
      if (image.getAttribute("src") !== data.folder + method.file) image.src = data.folder + method.file;
      image.alt = `${hole.name} in a photograph of ${hole.photograph}, ${side} of the divider: ${method.name}`;
      tag.textContent = method.name;
      return `${side === "left" ? "Left" : "Right"}: ${[method.name, method.notes[state.hole]].filter(Boolean).join(", ")}.`;
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
  place.querySelector(".explore-still").replaceWith(
    make("div", { class: "explore-controls" }, chooser("left", "Left"), chooser("right", "Right"), holes()),
    view,
    make("label", { class: "slider-bar" }, make("span", {}, "Divider"), range),
    caption,
  );
})();
