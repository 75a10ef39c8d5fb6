/* The till: type-ahead, quantity steppers, function keys, dialogs. Without it every form still posts.
   data-combo on an input: its list is #aria-controls; picking an option sends the form with the option's value.
   data-step on a button: changes the number beside it at once and sends the form a moment later.
   data-hot="F8" on a link or button: the key presses it, in fields too; on an input: the key goes there.
   data-sends on an input: a change sends its form. data-pad on a link: its page opens as a dialog. */
(function () {
  "use strict";
  const visible = (el) => el.getClientRects().length > 0;
  const dialog = () => document.querySelector("dialog[open]");
  const say = (words) => { document.getElementById("said").textContent = words; };

  /* ---------- type-ahead ---------- */
  const SHORTEST = 2, PAUSE = 450;
  const listOf = (input) => document.getElementById(input.getAttribute("aria-controls"));
  const options = (input) => [...listOf(input).querySelectorAll("[role=option]")];
  const chosen = (input) => options(input).find((option) => option.getAttribute("aria-selected") === "true");

  function choose(input, option) {
    options(input).forEach((one) => one.setAttribute("aria-selected", String(one === option)));
    if (option) {
      input.setAttribute("aria-activedescendant", option.id);
      option.scrollIntoView({ block: "nearest" });
    } else input.removeAttribute("aria-activedescendant");
  }
  function shut(input) {
    listOf(input).replaceChildren();
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  }
  function pick(input, option) {
    const form = input.form;
    form.elements[input.dataset.combo].value = option.dataset.value;
    shut(input);
    form.requestSubmit();
  }
  function move(input, by) {
    const all = options(input);
    if (all.length) choose(input, all[(all.indexOf(chosen(input)) + by + all.length) % all.length]);
  }
  document.addEventListener("keydown", (event) => {
    const input = event.target.closest("[data-combo]");
    if (!input || event.isComposing) return;
    if (event.key === "ArrowDown") { event.preventDefault(); move(input, 1); }
    if (event.key === "ArrowUp") { event.preventDefault(); move(input, -1); }
    if (event.key === "Escape" && options(input).length) { event.preventDefault(); shut(input); }
    // A scanner types faster than the list comes: then the text itself is sent.
    if (event.key === "Enter" && chosen(input) && listOf(input).dataset.of === input.value.trim()) { event.preventDefault(); pick(input, chosen(input)); }
  });
  document.addEventListener("mousedown", (event) => {
    if (event.target.closest("[role=option]")) event.preventDefault();
  });
  document.addEventListener("click", (event) => {
    const option = event.target.closest("[role=option]");
    if (option) pick(document.querySelector(`[aria-controls="${option.parentElement.id}"]`), option);
  });
  document.addEventListener("htmx:configRequest", (event) => {
    const input = event.target.closest("input[data-combo]");
    if (!input || input.value.trim().length >= SHORTEST) return;
    event.preventDefault();
    shut(input);
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    // An answer to what was typed before is too late.
    const input = event.detail.requestConfig.elt;
    if (input.matches("input[data-combo]") && event.detail.requestConfig.parameters[input.name] !== input.value) event.detail.shouldSwap = false;
  });
  document.addEventListener("focusout", (event) => {
    const input = event.target.closest("[data-combo]");
    if (input) shut(input);
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    const input = document.querySelector(`[data-combo][aria-controls="${event.detail.target.id}"]`);
    if (!input || event.target.closest("#order") === null) return;
    const found = options(input);
    listOf(input).dataset.of = new URLSearchParams(event.detail.pathInfo.finalRequestPath.split("?")[1]).get(input.name).trim();
    input.setAttribute("aria-expanded", String(found.length > 0));
    choose(input, found[0]);
    say(document.getElementById(`${input.id}-hint`).textContent);
  });

  /* ---------- items: a scanner may send the next before the last is added ---------- */
  const scans = [];
  let adding = false;
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("[data-add]")) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const typed = Object.fromEntries(["typed", "sku", "price"].map((name) => [name, form.elements[name]?.value || ""]));
    if (!typed.typed.trim() && !typed.sku) { form.elements.typed.focus(); return; }
    Object.keys(typed).forEach((name) => { if (form.elements[name]) form.elements[name].value = ""; });
    shut(form.elements.typed);
    scans.unshift(typed);
    if (adding) scans.push(scans.shift());
    add();
  }, true);
  function add() {
    const form = document.querySelector("form[data-add]");
    if (adding || !scans.length || !form) return;
    adding = true;
    htmx.ajax("POST", form.action, { source: form, target: "#order", swap: "outerHTML", values: scans.shift() }).finally(() => {
      adding = false;
      const error = document.querySelector("#it-error");
      if (!error) { add(); settled(); }
      else if (scans.length) error.append(` ${scans.length} more scanned after it; they follow once this is settled.`);
    });
  }

  /* ---------- steppers and fields that send themselves ---------- */
  const waiting = new Map();
  let underway = 0, next = "";
  const busy = () => waiting.size > 0 || underway > 0 || adding || scans.length > 0 && !document.getElementById("it-error");
  function later(form, pause) {
    clearTimeout(waiting.get(form));
    waiting.set(form, setTimeout(send, pause, form));
  }
  function send(form) {
    if (underway > 0) { later(form, 60); return; }
    clearTimeout(waiting.get(form));
    waiting.delete(form);
    if (form.isConnected) form.requestSubmit();
  }
  document.addEventListener("click", (event) => {
    // What finishes an order waits for what was typed just before.
    const last = event.target.closest("[data-settled]");
    if (!last || !busy()) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    next = last.id;
    waiting.forEach((timer, form) => later(form, 0));
  }, true);
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-step]");
    if (!button) return;
    const field = button.form.elements.quantity, wanted = Number(field.value.replace(",", ".")) + Number(button.dataset.step);
    event.preventDefault();
    if (!Number.isFinite(wanted) || wanted <= 0) return;
    field.value = String(Math.round(wanted * 1000) / 1000);
    later(button.form, PAUSE);
  });
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-sends]")) later(event.target.form, 0);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !event.target.matches("[data-sends]:not([type=radio])")) return;
    event.preventDefault();
    later(event.target.form, 0);
  });
  document.addEventListener("htmx:configRequest", (event) => {
    // The stepper has counted already; htmx adds the button that was pressed last.
    if (event.target.matches("form")) delete event.detail.parameters.step;
  });
  const isOfOrder = (event) => event.detail.target && event.detail.target.id === "order" && !event.detail.elt.matches("[data-quiet]");
  document.addEventListener("htmx:beforeRequest", (event) => { if (isOfOrder(event)) underway += 1; });
  document.addEventListener("htmx:afterRequest", (event) => {
    if (isOfOrder(event)) underway = Math.max(0, underway - 1);
    setTimeout(settled, 0);
  });
  function settled() {
    if (busy() || !next) return;
    const control = document.getElementById(next);
    next = "";
    if (control && !control.disabled) control.click();
  }
  // What was typed elsewhere on the page outlives the exchange of its parts.
  let kept = [], half = [];
  const named = (field) => [field.id, field.value];
  const give = ([id, value]) => { const field = document.getElementById(id); if (field) field.value = value; };
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.target.id !== "order") return;
    kept = [...event.detail.target.querySelectorAll("[data-keep]")].filter((field) => field.value).map(named);
    half = [...waiting.keys()].map((form) => [form.id, [...form.elements].filter((field) => field.matches("[data-sends]:not([type=radio])")).map(named)]);
    waiting.forEach((timer) => clearTimeout(timer));
    waiting.clear();
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    kept.filter(([id]) => !document.getElementById(id)?.value).forEach(give);
    half.forEach(([id, fields]) => {
      const form = document.getElementById(id);
      fields.forEach(give);
      if (form) later(form, PAUSE);
    });
    kept = [];
    half = [];
    const words = document.querySelector("[data-said]");
    if (words) { say(words.dataset.said); words.removeAttribute("data-said"); }
    const wanted = document.querySelector("[data-focus]");
    if (!wanted || dialog()) return;
    wanted.removeAttribute("data-focus");
    wanted.focus();
    wanted.setSelectionRange?.(wanted.value.length, wanted.value.length);
  });
  document.addEventListener("htmx:sendError", () => say("No connection. Nothing was sent; try again."));
  document.addEventListener("htmx:responseError", () => say("Not possible just now. Nothing was changed; try again."));
  document.addEventListener("submit", (event) => {
    // A second click while the first is on its way must not send twice.
    const form = event.target;
    if (form.dataset.sent === "1") { event.preventDefault(); event.stopImmediatePropagation(); return; }
    if (form.method === "post") form.dataset.sent = "1";
  }, true);
  document.addEventListener("htmx:afterRequest", (event) => {
    const form = event.detail.elt.closest("form");
    if (form) delete form.dataset.sent;
  });
  window.addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach((form) => { delete form.dataset.sent; }));

  /* ---------- dialogs ---------- */
  document.addEventListener("htmx:afterSwap", (event) => {
    const box = event.target.closest("dialog");
    if (!box) return;
    if (!box.open) box.showModal();
    const first = box.querySelector("[autofocus]");
    if (first) first.focus();
  });
  document.addEventListener("click", (event) => {
    const closer = event.target.closest("[data-close]");
    if (closer && closer.closest("dialog")) { event.preventDefault(); closer.closest("dialog").close(); }
  });
  document.addEventListener("close", (event) => event.target.replaceChildren(), true);
  document.body.addEventListener("till:close", () => { if (dialog()) dialog().close(); });

  /* ---------- function keys ---------- */
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey || !/^F\d+$/.test(event.key)) return;
    const hot = [...document.querySelectorAll(`[data-hot="${event.key}"]`)].find(visible);
    if (!hot) return;
    event.preventDefault();
    if (dialog() || hot.disabled) return;
    if (hot.matches("input")) { hot.focus(); hot.select(); } else hot.click();
  });
})();
