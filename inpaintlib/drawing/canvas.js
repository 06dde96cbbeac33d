// Brush a hole onto a photograph, have it filled, and compare the answers: the same element in JupyterLab and on a page.

const OPACITY = 0.6;
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

function loaded(address) {
  return new Promise((resolve, reject) => {
    const picture = new Image();
    picture.onload = () => resolve(picture);
    picture.onerror = () => reject(new Error("The picture cannot be shown by this browser."));
    picture.src = address;
  });
}
