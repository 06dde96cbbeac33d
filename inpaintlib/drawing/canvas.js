// Brush a hole onto a photograph, have it filled, and compare the answers: the same element in JupyterLab and on a page.

const HOLE = [255, 64, 160];
const OPACITY = 150;
const STEPS_KEPT = 30;

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

  const paint = () => {
    const context = view.canvas.getContext("2d");
    context.drawImage(photograph, 0, 0);
    const answer = shown.answers[shown.chosen];
    if (answer) {
      const cut = Math.round((hole.width * view.cut.value) / 100);
      context.drawImage(answer.picture, cut, 0, hole.width - cut, hole.height, cut, 0, hole.width - cut, hole.height);
    } else {
      context.drawImage(hole.tinted(), 0, 0);
    }
    view.undo.disabled = !hole.past.length;
    view.fill.disabled = hole.empty() || view.root.dataset.state === "busy";
    view.comparison.hidden = !answer;
  };
  const edited = () => {
    shown.answers = [];
    paint();
  };
  const say = (words, state = "") => {
    view.status.textContent = words;
    view.root.dataset.state = state;
    paint();
  };

  strokes(view, hole, edited);
  view.undo.onclick = () => (hole.undo(), edited());
  view.clear.onclick = () => (hole.keep(), hole.clear(), edited());
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
      edited();
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
    Object.assign(this, { width, height, past: [] });
    this.canvas = blank(width, height);
    this.context = this.canvas.getContext("2d", { willReadFrequently: true });
  }

  keep() {
    this.past.push(this.context.getImageData(0, 0, this.width, this.height));
    if (this.past.length > STEPS_KEPT) this.past.shift();
  }

  undo() {
    const before = this.past.pop();
    if (before) this.context.putImageData(before, 0, 0);
  }

  clear() {
    this.context.clearRect(0, 0, this.width, this.height);
  }

  stroke(from, to, size, erase) {
    Object.assign(this.context, { lineWidth: size, lineCap: "round", lineJoin: "round" });
    this.context.strokeStyle = `rgb(${HOLE})`;
    this.context.globalCompositeOperation = erase ? "destination-out" : "source-over";
    this.context.beginPath();
    this.context.moveTo(...from);
    this.context.lineTo(...to);
    this.context.stroke();
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

  tinted() {
    const values = this.values();
    for (let i = 3; i < values.data.length; i += 4) values.data[i] = values.data[i] > 127 ? OPACITY : 0;
    return put(values);
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

function strokes(view, hole, edited) {
  let last = null;
  const place = (event) => {
    const box = view.canvas.getBoundingClientRect();
    return [
      ((event.clientX - box.left) * hole.width) / box.width,
      ((event.clientY - box.top) * hole.height) / box.height,
    ];
  };
  const stroke = (to) => {
    const scale = hole.width / view.canvas.getBoundingClientRect().width;
    hole.stroke(last, to, view.size.value * scale, view.erase.checked);
    last = to;
    edited();
  };
  view.canvas.onpointerdown = (event) => {
    if (event.button !== 0 || view.root.dataset.state === "busy") return;
    event.preventDefault();
    view.canvas.setPointerCapture(event.pointerId);
    hole.keep();
    last = place(event);
    stroke(last);
  };
  view.canvas.onpointermove = (event) => {
    if (last) stroke(place(event));
  };
  view.canvas.onpointerup = view.canvas.onpointercancel = () => (last = null);
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
  view.canvas = element("canvas", { textContent: "The photograph; brush over what is to be filled." });
  view.canvas.setAttribute("role", "img");
  view.canvas.setAttribute("aria-label", "The photograph, with the hole that is drawn on it");
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
  root.replaceChildren(tools, view.canvas, choices, view.status, view.comparison);
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
