/* The dialog of a payment plan: another row, and what the rows add up to. */
(function () {
  "use strict";
  const form = document.querySelector("[data-plan]");
  if (!form) return;
  const money = (cents) => (cents / 100).toLocaleString("en-US", { style: "currency", currency: "USD" });
  const said = form.querySelector("[data-sum]"), overdue = Math.round(Number(form.dataset.plan) * 100);
  function add() {
    const amounts = [...form.querySelectorAll("[name=amount]")].map((field) => Number(field.value.replace(/[$,]/g, "")));
    const sum = amounts.reduce((total, amount) => total + (Number.isFinite(amount) ? Math.round(amount * 100) : 0), 0);
    said.textContent = sum ? `${money(sum)} of ${money(overdue)} past due` : "";
  }
  form.addEventListener("input", add);
  form.querySelector("[data-more]").addEventListener("click", () => {
    const rows = form.querySelectorAll(".part"), copy = rows[rows.length - 1].cloneNode(true);
    copy.querySelectorAll("input").forEach((field) => {
      field.value = "";
      field.setAttribute("aria-label", field.getAttribute("aria-label").replace(/\d+$/, String(rows.length + 1)));
    });
    rows[rows.length - 1].after(copy);
    copy.querySelector("input").focus();
  });
  add();
})();
