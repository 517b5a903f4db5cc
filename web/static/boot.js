import init from "./app.js";

init().catch((error) => {
  document.body.textContent = `The playground could not start: ${error}`;
});
