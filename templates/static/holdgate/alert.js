/* An alert's page: how many customers of a plan are included. The dialogs of one order, on a card's page too. */
(function () {
  "use strict";
  function count() {
    const form = document.querySelector("[data-plan]");
    if (!form) return;
    const ticked = form.querySelectorAll("input[name=customer]:checked").length;
    document.querySelectorAll("[data-included]").forEach((place) => { place.textContent = ticked; });
    document.querySelectorAll('button[form="plan"], [data-dialog="plan-dialog"]').forEach((button) => { button.disabled = ticked === 0; });
  }
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-plan] input[name=customer]")) count();
  });
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-order-dialog]");
    if (!opener) return;
    const dialog = document.getElementById(opener.dataset.orderDialog);
    dialog.querySelector("[data-order-field]").value = opener.dataset.order;
    name(dialog, opener);
    dialog.showModal();
    dialog.querySelector("input:not([type=hidden]), textarea").focus();
  });
  function name(dialog, opener) {
    dialog.querySelector("[data-order-name]").textContent = opener.dataset.name;
  }
  function nameRefused() {
    document.querySelectorAll("dialog[data-open]").forEach((dialog) => {
      const field = dialog.querySelector("[data-order-field]");
      const openers = field ? [...document.querySelectorAll(`[data-order-dialog="${dialog.id}"]`)] : [];
      const opener = openers.find((each) => each.dataset.order === field.value);
      if (opener) name(dialog, opener);
    });
  }
  const SHOWN = 6;
  function fold() {
    const rows = [...document.querySelectorAll("[data-plan] tbody tr")];
    const button = document.querySelector("[data-show-all]");
    if (!button || rows.length <= SHOWN) return;
    rows.slice(SHOWN).forEach((row) => { row.hidden = true; });
    button.hidden = false;
    button.addEventListener("click", () => { rows.forEach((row) => { row.hidden = false; }); button.hidden = true; });
  }
  document.addEventListener("DOMContentLoaded", () => { count(); fold(); nameRefused(); });
})();
