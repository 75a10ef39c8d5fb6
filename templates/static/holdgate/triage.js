/* The triage inbox: the chosen mail stays in sight; in “What is it?” digits pick, and the last one saves. */
(function () {
  "use strict";
  const STEPS = ["kind", "reason", "sub_reason"];

  document.addEventListener("DOMContentLoaded", () => {
    const on = document.querySelector(".msgs .is-on");
    if (on && on.getBoundingClientRect().bottom > window.innerHeight) on.scrollIntoView({ block: "center" });
  });

  const part = (form, step) => form.querySelector(`[data-step="${step}"]`);
  const value = (form, name) => (form.querySelector(`[name="${name}"]:checked`) || {}).value;
  const shows = (el) => el && el.getClientRects().length > 0;

  function go(form, step) {
    form.dataset.at = step;
    STEPS.forEach((name) => part(form, name).classList.toggle("is-step", name === step));
  }
  function finish(form) {
    const customer = part(form, "customer");
    const field = shows(customer) ? customer.querySelector("input") : null;
    if (field && !field.value) field.focus();
    else form.requestSubmit();
  }
  function pick(form, digit) {
    const step = form.dataset.at || "kind";
    const options = [...part(form, step).querySelectorAll("input[type=radio]")];
    const option = options[digit === 0 ? 9 : digit - 1];
    if (!option) return;
    option.checked = true;
    option.focus();
    if (step === "kind" && option.value === "invoice_dispute") go(form, "reason");
    else if (step === "reason" && option.value === "other") go(form, "sub_reason");
    else finish(form);
  }
  document.addEventListener("keydown", (event) => {
    const form = document.querySelector("dialog[open] form[data-digits]");
    if (!form || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.matches("input[type=text], textarea")) return;
    if (/^[0-9]$/.test(event.key)) { event.preventDefault(); pick(form, Number(event.key)); }
  });
  document.addEventListener("change", (event) => {
    const form = event.target.closest("form[data-digits]");
    if (!form || event.target.type !== "radio") return;
    if (value(form, "classification") !== "invoice_dispute") go(form, "kind");
    else go(form, value(form, "reason") === "other" && event.target.name !== "classification" ? "sub_reason" : "reason");
  });
  document.addEventListener("click", (event) => {
    if (!event.target.closest('[data-dialog="correct-dialog"]')) return;
    const form = document.querySelector("#correct-dialog form");
    go(form, "kind");
    (form.querySelector("[name=classification]:checked") || form.querySelector("[name=classification]")).focus();
  });
})();
