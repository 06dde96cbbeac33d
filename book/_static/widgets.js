// What the parts of the page "Look for yourself" are made of. No module, because a page opened as a file cannot load one.
"use strict";

const widgets = {
  // The place of a part and the data in it; nothing on a page without that part.
  part(name) {
    const place = document.querySelector(`[data-explore=${name}]`);
    return place && { place, data: JSON.parse(place.querySelector("script").textContent) };
  },

  make(tag, attributes = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children);
    return element;
  },

  // A labelled list. groups: a title and [label, value] pairs each.
  select(title, name, groups, chosen, change) {
    const select = this.make("select", { name });
    for (const [label, pairs] of groups) {
      select.append(this.make("optgroup", { label }, ...pairs.map(([text, value]) => new Option(text, value))));
    }
    select.value = chosen;
    select.addEventListener("change", () => change(Number(select.value)));
    return this.make("label", {}, this.make("span", {}, title), select);
  },

  radios(title, name, labels, change) {
    const choices = labels.map((label, index) => {
      const radio = this.make("input", { type: "radio", name, value: index });
      radio.checked = index === 0;
      radio.addEventListener("change", () => change(index));
      return this.make("label", {}, radio, ` ${label}`);
    });
    return this.make("fieldset", {}, this.make("legend", {}, title), ...choices);
  },

  // One cell of a picture that has `columns` times `lines` of them.
  tile({ src, alt, column, columns, line = 0, lines = 1 }) {
    const cut = `--column: ${column}; --columns: ${columns}; --line: ${line}; --lines: ${lines}`;
    return this.make("span", { class: "tile", style: cut }, this.make("img", { src, alt, draggable: "false" }));
  },
};
