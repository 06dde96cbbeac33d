// Brush a hole onto a photograph, have it filled, and compare the answers: the same element in JupyterLab and on a page.

const HOLE = [255, 64, 160];
const COLOR = `rgb(${HOLE})`;
const OPACITY = 0.6;
const STEPS_KEPT = 30;
const PIXELS_KEPT = 120e6; // of all states that undo goes back to; the last one is kept whatever its size
const KEYS =
  "Keys, while the photograph is chosen: arrows move the cross, with Shift by one pixel; Space paints there; Enter " +
  "paints along the way until Enter comes again; + and - change the brush, E erases, U undoes.";

// host.fill(mask, models): a PNG blob, white on black, and names -> a promise of [{name, url}].
// host.models: names, the first one chosen. photo: the address of the photograph.
export async function mount(root, host, photo) {
  const picture = await loaded(photo);
  const view = build(root, host.models);
  const hole = new Hole(picture.naturalWidth, picture.naturalHeight);
  const photograph = draw(picture);
  view.canvas.width = hole.width;
  view.canvas.height = hole.height;
  const shown = { answers: [], chosen: 0 };

  const cross = { at: [hole.width / 2, hole.height / 2], shown: false, drawing: false };

  const paint = () => {
    const context = view.canvas.getContext("2d");
    context.drawImage(photograph, 0, 0);
    const answer = shown.answers[shown.chosen];
    if (answer) {
      const cut = Math.round((hole.width * view.cut.value) / 100);
      context.drawImage(answer.picture, cut, 0, hole.width - cut, hole.height, cut, 0, hole.width - cut, hole.height);
    } else {
      context.globalAlpha = OPACITY;
      context.drawImage(hole.canvas, 0, 0);
      context.globalAlpha = 1;
    }
    if (cross.shown) mark(context, cross.at, brush(view, hole), scale(view, hole));
    view.undo.disabled = !hole.past.length;
    view.fill.disabled = hole.untouched || view.root.dataset.state === "busy";
    view.comparison.hidden = !answer;
  };
  const edited = () => {
    shown.answers = [];
    paint();
  };
  const settled = () => {
    hole.untouched = hole.empty();
    edited();
  };
  const say = (words, state = "") => {
    view.status.textContent = words;
    view.root.dataset.state = state;
    paint();
  };

  strokes(view, hole, cross, edited, settled);
  keys(view, hole, cross, { paint, edited, settled, say });
  view.undo.onclick = () => (hole.undo(), settled());
  view.clear.onclick = () => (hole.keep(), hole.clear(), settled());
  view.cut.oninput = paint;
  view.mask.onchange = async () => {
    const [file] = view.mask.files;
    view.mask.value = "";
    if (!file) return;
    const address = URL.createObjectURL(file);
    try {
      const mask = await loaded(address);
      if (mask.naturalWidth !== hole.width || mask.naturalHeight !== hole.height) {
        const sizes = `${mask.naturalWidth} x ${mask.naturalHeight} pixels, the photograph ${hole.width} x ${hole.height}`;
        return say(`The mask has ${sizes}; give one of the same size.`, "refused");
      }
      hole.keep();
      hole.read(mask);
      say("");
      settled();
    } catch {
      say(`${file.name} is no image that this browser reads; give a PNG.`, "refused");
    } finally {
      URL.revokeObjectURL(address);
    }
  };
  view.fill.onclick = async () => {
    const models = view.models.filter((box) => box.checked).map((box) => box.value);
    if (!models.length) return say("Choose a network.", "refused");
    say(`Filling with ${models.join(", ")} …`, "busy");
    try {
      const answers = await host.fill(await hole.asMask(), models);
      shown.answers = await Promise.all(answers.map(async (one) => ({ ...one, picture: await loaded(one.url) })));
      shown.chosen = 0;
      offer(view, shown, paint);
      say("Filled. Move the slider to compare, or draw on.", "done");
    } catch (error) {
      say(error.message, "refused");
    }
  };
  paint();
}

// The hole as a canvas, opaque inside, with the states before it.
class Hole {
  constructor(width, height) {
    Object.assign(this, { width, height, past: [], untouched: true });
    this.canvas = blank(width, height);
    this.context = this.canvas.getContext("2d", { willReadFrequently: true });
  }

  keep() {
    this.past.push(this.context.getImageData(0, 0, this.width, this.height));
    const most = Math.max(1, Math.min(STEPS_KEPT, Math.floor(PIXELS_KEPT / (this.width * this.height))));
    if (this.past.length > most) this.past.shift();
  }

  undo() {
    const before = this.past.pop();
    if (before) this.context.putImageData(before, 0, 0);
  }

  clear() {
    this.context.clearRect(0, 0, this.width, this.height);
  }

  stroke(from, to, size, erase) {
    Object.assign(this.context, { lineWidth: size, lineCap: "round", fillStyle: COLOR, strokeStyle: COLOR });
    this.context.globalCompositeOperation = erase ? "destination-out" : "source-over";
    this.context.beginPath();
    this.context.moveTo(...from);
    this.context.lineTo(...to);
    this.context.stroke();
    this.context.beginPath(); // a line without length may draw nothing
    this.context.arc(...to, size / 2, 0, 2 * Math.PI);
    this.context.fill();
    this.context.globalCompositeOperation = "source-over";
  }

  read(mask) {
    const values = draw(mask).getContext("2d").getImageData(0, 0, this.width, this.height);
    for (let i = 0; i < values.data.length; i += 4) {
      const [r, g, b, alpha] = values.data.subarray(i, i + 4);
      values.data.set([...HOLE, Math.max(r, g, b) * alpha > 127.5 * 255 ? 255 : 0], i);
    }
    this.context.putImageData(values, 0, 0);
  }

  // Pixels that a stroke covers by half or more are hole, others known: a mask has no edges that are neither.
  values() {
    return this.context.getImageData(0, 0, this.width, this.height);
  }

  empty() {
    const { data } = this.values();
    for (let i = 3; i < data.length; i += 4) if (data[i] > 127) return false;
    return true;
  }

  asMask() {
    const values = this.values();
    for (let i = 0; i < values.data.length; i += 4) {
      const white = values.data[i + 3] > 127 ? 255 : 0;
      values.data.set([white, white, white, 255], i);
    }
    return new Promise((resolve) => put(values).toBlob(resolve, "image/png"));
  }
}

// Pixels of the photograph that one of the screen shows, and the brush's diameter in them.
function scale(view, hole) {
  return hole.width / (view.canvas.getBoundingClientRect().width || hole.width);
}

function brush(view, hole) {
  return view.size.value * scale(view, hole);
}

// A mouse, a pen or one finger. Where the browser takes the fingers for itself, to zoom, the stroke was none.
function strokes(view, hole, cross, edited, settled) {
  let last = null;
  const place = (event) => {
    const box = view.canvas.getBoundingClientRect();
    return [
      ((event.clientX - box.left) * hole.width) / box.width,
      ((event.clientY - box.top) * hole.height) / box.height,
    ];
  };
  const stroke = (to) => {
    hole.stroke(last, to, brush(view, hole), view.erase.checked);
    last = to;
    edited();
  };
  view.canvas.onpointerdown = (event) => {
    if (event.button !== 0 || !event.isPrimary || view.root.dataset.state === "busy") return;
    event.preventDefault();
    view.canvas.focus({ preventScroll: true });
    view.canvas.setPointerCapture(event.pointerId);
    hole.keep();
    Object.assign(cross, { shown: false, drawing: false });
    last = place(event);
    stroke(last);
  };
  view.canvas.onpointermove = (event) => {
    if (last && event.isPrimary) stroke(place(event));
  };
  const ended = (taken) => (event) => {
    if (!last || !event.isPrimary) return;
    last = null;
    if (taken) hole.undo();
    settled();
  };
  view.canvas.onpointerup = ended(false);
  view.canvas.onpointercancel = ended(true);
}

// The same by keys: a cross is moved, and paints where it is or along its way.
function keys(view, hole, cross, { paint, edited, settled, say }) {
  const arrows = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  const dab = (from) => hole.stroke(from, cross.at, brush(view, hole), view.erase.checked);
  const move = (way, alone) => {
    const step = alone ? 1 : Math.max(1, Math.round(brush(view, hole) / 4));
    const sides = [hole.width, hole.height];
    const before = cross.at;
    cross.at = before.map((value, axis) => Math.min(Math.max(value + step * way[axis], 0), sides[axis]));
    if (!cross.drawing) return paint();
    dab(before);
    settled();
  };
  const start = () => {
    hole.keep();
    dab(cross.at);
    settled();
  };
  const resize = (by) => {
    view.size.value = Number(view.size.value) + by;
    paint();
  };
  const actions = {
    " ": start,
    Enter: () => {
      cross.drawing = !cross.drawing;
      if (cross.drawing) start();
      say(cross.drawing ? "The brush is down and paints along the way; Enter lifts it." : "The brush is up.");
    },
    "+": () => resize(4),
    "=": () => resize(4),
    "-": () => resize(-4),
    e: () => {
      view.erase.checked = !view.erase.checked;
      say(view.erase.checked ? "The brush erases." : "The brush paints.");
    },
    u: () => {
      cross.drawing = false;
      hole.undo();
      settled();
    },
  };
  view.canvas.onkeydown = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || view.root.dataset.state === "busy") return;
    const action = actions[event.key.toLowerCase()] ?? actions[event.key];
    const way = arrows[event.key];
    if (!action && !way) return;
    event.preventDefault();
    event.stopPropagation();
    cross.shown = true;
    if (way) move(way, event.shiftKey);
    else action();
  };
  view.canvas.onblur = () => {
    Object.assign(cross, { shown: false, drawing: false });
    paint();
  };
}

// A cross in a ring as wide as the brush, dark on light, so that it shows on every photograph.
function mark(context, [x, y], size, unit) {
  for (const [width, color] of [[4, "black"], [2, "white"]]) {
    Object.assign(context, { lineWidth: width * unit, strokeStyle: color });
    context.beginPath();
    context.arc(x, y, size / 2, 0, 2 * Math.PI);
    context.moveTo(x - 6 * unit, y);
    context.lineTo(x + 6 * unit, y);
    context.moveTo(x, y - 6 * unit);
    context.lineTo(x, y + 6 * unit);
    context.stroke();
  }
}

// With several answers, a button for each says whose is shown; every answer can be kept.
function offer(view, shown, paint) {
  view.answers.replaceChildren(
    ...shown.answers.map((answer, place) => {
      const choice = element("label", { className: "answer" });
      const button = element("input", { type: "radio", name: view.name, value: answer.name, checked: place === 0 });
      button.onchange = () => ((shown.chosen = place), paint());
      const keep = element("a", { href: answer.url, download: `filled-${answer.name}.png`, textContent: "save" });
      choice.append(button, ` ${answer.name} `, keep);
      return choice;
    }),
  );
}

let made = 0;

function build(root, models) {
  const name = `hole-${made++}`;
  const view = { root, name };
  root.classList.add("draw-a-hole");
  root.dataset.state = "";
  root.dataset.lmSuppressShortcuts = "true"; // JupyterLab's own keys rest while these are used
  view.canvas = element("canvas", { textContent: "The photograph; brush over what is to be filled." });
  view.canvas.tabIndex = 0;
  view.canvas.setAttribute("role", "application");
  view.canvas.setAttribute("aria-label", "The photograph, with the hole that is drawn on it");
  view.keys = element("p", { className: "keys", id: `${name}-keys`, textContent: KEYS });
  view.canvas.setAttribute("aria-describedby", view.keys.id);
  view.size = element("input", { type: "range", min: 2, max: 120, value: 24 });
  view.erase = element("input", { type: "checkbox" });
  view.undo = element("button", { type: "button", textContent: "Undo" });
  view.clear = element("button", { type: "button", textContent: "Clear" });
  view.mask = element("input", { type: "file", accept: "image/*" });
  view.fill = element("button", { type: "button", textContent: "Fill", className: "fill" });
  view.cut = element("input", { type: "range", min: 0, max: 100, value: 0 });
  view.status = element("p", { className: "status" });
  view.status.setAttribute("role", "status");
  view.answers = element("div", { className: "answers" });
  view.models = models.map((value, place) => element("input", { type: "checkbox", value, checked: place === 0 }));
  view.comparison = element("div", { className: "comparison", hidden: true });
  view.comparison.append(labelled("before | after", view.cut), view.answers);
  const tools = element("div", { className: "tools" });
  tools.append(labelled("Brush", view.size), labelled("Erase", view.erase, true), view.undo, view.clear);
  tools.append(labelled("Upload a mask", view.mask));
  const choices = element("div", { className: "tools" });
  choices.append(...view.models.map((box) => labelled(box.value, box, true)), view.fill);
  root.replaceChildren(tools, view.canvas, view.keys, choices, view.status, view.comparison);
  return view;
}

function labelled(words, input, after = false) {
  const label = element("label");
  label.append(...(after ? [input, ` ${words}`] : [`${words} `, input]));
  return label;
}

function element(tag, properties = {}) {
  return Object.assign(document.createElement(tag), properties);
}

function blank(width, height) {
  return element("canvas", { width, height });
}

function draw(picture) {
  const canvas = blank(picture.naturalWidth, picture.naturalHeight);
  canvas.getContext("2d", { willReadFrequently: true }).drawImage(picture, 0, 0);
  return canvas;
}

function put(values) {
  const canvas = blank(values.width, values.height);
  canvas.getContext("2d").putImageData(values, 0, 0);
  return canvas;
}

function loaded(address) {
  return new Promise((resolve, reject) => {
    const picture = new Image();
    picture.onload = () => resolve(picture);
    picture.onerror = () => reject(new Error("The picture cannot be shown by this browser."));
    picture.src = address;
  });
}
