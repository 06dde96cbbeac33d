
let asks = 0;

function render({ model, el }) {
  const address = (bytes) => URL.createObjectURL(new Blob([bytes], { type: "image/png" }));
  const host = {
    models: model.get("models"),
    fill: async (mask, models) => {
      const ask = asks++;
      const bytes = await mask.arrayBuffer();
      return new Promise((resolve, reject) => {
        const answered = (said, buffers) => {
          if (said.ask !== ask) return;
          model.off("msg:custom", answered);
          if (said.refused) reject(new Error(said.refused));
          else resolve(said.names.map((name, place) => ({ name, url: address(buffers[place]) })));
        };
        model.on("msg:custom", answered);
        model.send({ ask, models }, undefined, [bytes]);
      });
    },
  };
  const root = document.createElement("div");
  el.append(root);
  mount(root, host, address(model.get("photo")));
}

export default { render };
