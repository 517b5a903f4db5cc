// Two programs of the same sources: the smaller one is enough for every scenario without filters of system calls.
const program = new URLSearchParams(location.search).has("filters") ? "./filters.js" : "./app.js";

import(program)
  .then(({ default: init }) => init())
  .catch((error) => {
    document.body.textContent = `The playground could not start: ${error}`;
  });
