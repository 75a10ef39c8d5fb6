/* The page of a hold block: a preset fills the formula, and the preview follows as if it were typed. */
(function () {
  "use strict";
  document.addEventListener("click", (event) => {
    const preset = event.target.closest("[data-preset]");
    if (!preset) return;
    const formula = document.getElementById("formula");
    formula.value = preset.dataset.preset;
    formula.dispatchEvent(new Event("input", { bubbles: true }));
    formula.focus();
  });
})();
