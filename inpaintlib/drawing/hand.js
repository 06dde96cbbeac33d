// What draws: a mouse, a pen, one finger, or keys.

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
