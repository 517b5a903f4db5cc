// Two programs of the same sources: the smaller one is enough for every scenario without filters of system calls and
// container engines.
const program = new URLSearchParams(location.search).has("filters") ? "./filters.js" : "./app.js";

// The doctor is a program of its own, loaded when somebody pastes something.
globalThis.askDoctor = async (text, place) => {
  const element = document.getElementById(place);
  try {
    const doctor = await import("./doctor.js");
    await doctor.default();
    doctor.answer(text, place);
  } catch (error) {
    if (element) element.textContent = `The doctor could not start: ${error}`;
  }
};

import(program)
  .then(({ default: init }) => init())
  .catch((error) => {
    document.body.textContent = `The playground could not start: ${error}`;
  });
