// Two programs of the same sources: the smaller one is enough for every scenario without filters of system calls and
// container engines.
const program = new URLSearchParams(location.search).has("filters") ? "./filters.js" : "./app.js";

// The doctor is a program of its own, loaded when somebody pastes something or compares engines.
let doctor;
async function withDoctor(place, ask) {
  const element = document.getElementById(place);
  try {
    if (!element.hasChildNodes()) element.textContent = "Loading …";
    doctor ??= import("./doctor.js").then(async (module) => {
      await module.default();
      return module;
    });
    ask(await doctor);
  } catch (error) {
    doctor = undefined;
    element.textContent = `The doctor could not start: ${error}`;
  }
}

globalThis.askDoctor = (text, place) => withDoctor(place, (doctor) => doctor.answer(text, place));

const compare = (event) => {
  if (event.target.id !== "engines" || !event.target.open) return;
  removeEventListener("toggle", compare, true);
  withDoctor("engines-view", (doctor) => doctor.compare("engines-view"));
};
addEventListener("toggle", compare, true);

// Who follows a link to another scenario on this page is led there, once it is drawn.
addEventListener("hashchange", () => {
  requestAnimationFrame(() => document.getElementById("scenario-title")?.focus());
});

import(program)
  .then(({ default: init }) => init())
  .catch((error) => {
    document.body.textContent = `The playground could not start: ${error}`;
  });
