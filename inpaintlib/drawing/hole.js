const HOLE = [255, 64, 160];
const COLOR = `rgb(${HOLE})`;
const STEPS_KEPT = 30;
const PIXELS_KEPT = 120e6; // of all states that undo goes back to; the last one is kept whatever its size

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
