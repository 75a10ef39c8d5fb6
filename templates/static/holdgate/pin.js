/* The PIN pad: digits live in this closure only, never in the page; shown as dots, gone after each try. */
(function () {
  "use strict";
  const LONGEST = 12;
  let digits = "";
  const pad = () => document.querySelector("form[data-pin-pad]");

  function show() {
    const dots = pad() && pad().querySelector("[data-dots]");
    if (!dots) return;
    dots.replaceChildren(...[...digits].map(() => document.createElement("i")));
    dots.classList.toggle("many", digits.length > 8);
    dots.setAttribute("aria-label", digits ? `PIN, ${digits.length} ${digits.length === 1 ? "digit" : "digits"} entered` : "PIN, empty");
    if (digits) {
      dots.classList.remove("bad");
      dots.removeAttribute("aria-invalid");
      const said = pad().querySelector("[data-pin-error]");
      if (said) { said.className = "msg"; said.removeAttribute("role"); said.textContent = "Type on the pad or the keyboard."; }
    }
  }
  function type(key) {
    if (!pad() || pad().matches("[data-closed]")) return;
    if (key === "Backspace") digits = digits.slice(0, -1);
    else if (digits.length < LONGEST) digits += key;
    show();
  }
  function prepare() {
    digits = "";
    const form = pad();
    if (!form || form.dataset.ready) return;
    form.dataset.ready = "1";
    // The plain field is for browsers without script; here the pad takes its place.
    form.querySelectorAll("[data-plain]").forEach((part) => part.remove());
    form.querySelectorAll("[data-rich]").forEach((part) => { part.hidden = false; });
    named();
    count();
  }
  function named() {
    const chosen = pad().querySelector("[name=manager]:checked"), head = pad().querySelector("[data-pin-of]");
    if (!chosen || !head) return;
    head.textContent = `2. PIN of ${chosen.dataset.name}`;
    const said = pad().querySelector("[data-pin-error=none]");
    if (said) said.textContent = "Type on the pad or the keyboard.";
  }
  function point() {
    const dots = pad().querySelector("[data-dots]");
    dots.focus({ preventScroll: true });
    dots.closest("section").scrollIntoView({ block: "nearest" });
  }
  function count() {
    const form = pad(), left = form && form.querySelector("[data-left]");
    if (!left) return;
    const until = Date.now() + Number(left.dataset.left) * 1000;
    const tick = () => {
      if (!left.isConnected) return;
      const seconds = Math.max(0, Math.round((until - Date.now()) / 1000));
      left.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
      if (seconds > 0) setTimeout(tick, 1000);
      else open(form);
    };
    tick();
  }
  function open(form) {
    const again = form.querySelector("[data-again]");
    if (again) again.click();
  }
  document.addEventListener("DOMContentLoaded", prepare);
  document.addEventListener("htmx:afterSwap", prepare);
  document.addEventListener("close", () => { digits = ""; }, true);
  document.addEventListener("click", (event) => {
    const key = event.target.closest("[data-digit]");
    if (key && pad() && pad().contains(key)) type(key.dataset.digit);
  });
  document.addEventListener("change", (event) => {
    if (!event.target.matches("[name=manager]") || !pad()) return;
    digits = "";
    if (pad().matches("[data-closed]")) pad().querySelector("[data-again]").click();
    else { named(); show(); }
  });
  document.addEventListener("click", (event) => {
    // After a touch or a click the digits come next; arrow keys must be free to go on.
    if (event.detail > 0 && event.target.matches("[name=manager]") && pad() && !pad().matches("[data-closed]")) point();
  });
  document.addEventListener("keydown", (event) => {
    if (!pad() || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest("textarea, input:not([type=radio])")) return;
    if (/^\d$/.test(event.key) || event.key === "Backspace") { event.preventDefault(); type(event.key); }
    if (event.key === "Enter" && !event.target.closest("button, a, summary")) { event.preventDefault(); if (digits) pad().requestSubmit(); }
  });
  document.addEventListener("submit", (event) => {
    if (!event.target.matches("form[data-pin-pad]") || digits || event.submitter?.hasAttribute("data-again")) return;
    event.preventDefault();
    event.stopImmediatePropagation();
  }, true);
  document.addEventListener("htmx:configRequest", (event) => {
    if (!event.target.matches("form[data-pin-pad]")) return;
    event.detail.parameters.pin = digits;
    digits = "";
    show();
  });
})();
