// The page's side of drawing a hole: pictures go to the program that serves the page, and come back filled.

import { mount } from "./canvas.js";

const models = await (await fetch("models")).json();
const told = document.getElementById("told");

document.getElementById("photo").onchange = async ({ target }) => {
  const [file] = target.files;
  if (!file) return;
  told.textContent = "Reading …";
  try {
    const photo = await ask("photograph", { photo: file });
    const host = {
      models,
      fill: async (mask, chosen) => {
        const answers = [];
        for (const model of chosen) {
          const answer = await ask("fill", { photo, mask, model });
          answers.push({ name: model, url: URL.createObjectURL(answer) });
        }
        return answers;
      },
    };
    const root = document.createElement("div");
    document.getElementById("drawing").replaceChildren(root);
    await mount(root, host, URL.createObjectURL(photo));
    told.textContent = "";
  } catch (error) {
    told.textContent = error.message;
  }
};

async function ask(address, parts) {
  const form = new FormData();
  for (const [name, value] of Object.entries(parts)) form.append(name, value);
  const answer = await fetch(address, { method: "POST", body: form }).catch(() => null);
  if (!answer) throw new Error("The program does not answer; is it still running?");
  if (!answer.ok) throw new Error((await answer.json()).refused ?? `The program answered ${answer.status}.`);
  return answer.blob();
}
