/* Keys, dialogs and tabs of the console.
   data-key="a" on a link or button: the letter presses it (outside fields, unless switched off).
   data-key-label: what "?" says about it; without it the control's own words.
   data-row-key="l" does the same inside the row that is marked.
   data-rows on a table or list: J and K move over its rows, Enter opens the row's first link, X ticks its box.
   data-dialog="id" opens a native <dialog>; data-close closes the one it stands in.
   role="tab" with aria-controls shows its panel. */
(function () {
  "use strict";
  const OFF = "holdgate.keys.off";
  const isOff = () => localStorage.getItem(OFF) === "1";
  const inField = (at) => at.closest("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable=true]");
  const openDialog = () => document.querySelector("dialog[open]");
  const visible = (el) => el.offsetParent !== null || el.getClientRects().length > 0;

  function rows() {
    const list = document.querySelector("[data-rows]");
    return list ? [...list.querySelectorAll("[data-row]")] : [];
  }
  function current() { return rows().findIndex((row) => row.classList.contains("is-on")); }
  function mark(index) {
    const all = rows();
    if (!all[index]) return;
    all.forEach((row) => row.classList.remove("is-on"));
    all[index].classList.add("is-on");
    all[index].scrollIntoView({ block: "nearest" });
    const target = all[index].querySelector("a");
    if (target) target.focus({ preventScroll: true });
  }
  function onRows(key) {
    const all = rows(), at = current();
    if (!all.length) return false;
    if (key === "j") { mark(Math.min(at + 1, all.length - 1)); return true; }
    if (key === "k") { mark(Math.max(at - 1, 0)); return true; }
    if (key === "x" && at >= 0) {
      const box = all[at].querySelector("input[type=checkbox]");
      if (box) box.click();
      return Boolean(box);
    }
    return false;
  }
  function pressInRow(key) {
    const row = rows()[current()];
    const control = row && row.querySelector(`[data-row-key="${CSS.escape(key)}"]`);
    if (control) control.click();
    return Boolean(control);
  }
  function press(key) {
    const control = [...document.querySelectorAll(`[data-key="${CSS.escape(key)}"]`)].find(visible);
    if (!control || control.disabled) return false;
    control.click();
    return true;
  }
  function words(control) {
    if (control.dataset.keyLabel) return control.dataset.keyLabel;
    const copy = control.cloneNode(true);
    copy.querySelectorAll("kbd, svg").forEach((part) => part.remove());
    return copy.textContent.trim();
  }
  function showKeys() {
    const dialog = document.getElementById("keys");
    if (!dialog) return;
    const found = new Map();
    if (rows().length) {
      found.set("J", "Next row"); found.set("K", "Previous row"); found.set("↵", "Open the row");
      if (document.querySelector("[data-row] input[type=checkbox]")) found.set("X", "Tick the row");
    }
    document.querySelectorAll("[data-key]").forEach((control) => {
      if (visible(control)) found.set(control.dataset.key.toUpperCase(), words(control));
    });
    document.querySelectorAll("[data-row-key]").forEach((control) => found.set(control.dataset.rowKey.toUpperCase(), words(control)));
    found.set("T", "Search"); found.set("?", "All keys"); found.set("Esc", "Close");
    const list = dialog.querySelector("[data-keys-list]");
    list.replaceChildren(...[...found].flatMap(([key, what]) => {
      const dt = document.createElement("dt"), dd = document.createElement("dd"), kbd = document.createElement("kbd");
      kbd.textContent = key; dt.append(kbd); dd.textContent = what;
      return [dt, dd];
    }));
    dialog.querySelector("[data-keys-switch]").checked = !isOff();
    dialog.showModal();
  }
  document.addEventListener("keydown", (event) => {
    // In a dialog Enter confirms; Shift and Enter makes a new line.
    const text = event.target.closest("textarea[data-enter]");
    if (text && event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      text.form.requestSubmit();
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (inField(event.target) || openDialog()) return;
    if (event.key === "?") { event.preventDefault(); showKeys(); return; }
    if (event.key === "Enter") {
      const row = rows()[current()];
      const first = document.querySelector('[data-key="enter"]');
      if (event.target.closest("a, button, summary, input")) return;
      if (row && row.querySelector("a")) row.querySelector("a").click();
      else if (first) first.click();
      return;
    }
    if (isOff() || event.key.length !== 1) return;
    const key = event.key.toLowerCase();
    if (key === "t" && !event.shiftKey) {
      event.preventDefault();
      window.dispatchEvent(new CustomEvent("opencommand"));
      return;
    }
    if (onRows(key) || pressInRow(key) || press(key)) event.preventDefault();
  });
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-dialog]");
    if (opener) {
      const dialog = document.getElementById(opener.dataset.dialog);
      const from = document.querySelector("[data-carry]");
      dialog.querySelectorAll("[data-carried]").forEach((field) => { if (from && !field.value) field.value = from.value; });
      dialog.showModal();
      const first = dialog.querySelector("[autofocus]") || dialog.querySelector("textarea, input:not([type=hidden])");
      if (first) first.focus();
    }
    const closer = event.target.closest("[data-close]");
    if (closer) closer.closest("dialog").close();
    const tab = event.target.closest("[role=tab][aria-controls]");
    if (tab) showTab(tab);
  });
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-keys-switch]")) localStorage.setItem(OFF, event.target.checked ? "0" : "1");
    if (event.target.matches("[data-submit]")) event.target.form.requestSubmit();
  });
  function showTab(tab) {
    tab.closest("[role=tablist]").querySelectorAll("[role=tab]").forEach((other) => {
      const chosen = other === tab;
      other.setAttribute("aria-selected", String(chosen));
      other.tabIndex = chosen ? 0 : -1;
      document.getElementById(other.getAttribute("aria-controls")).hidden = !chosen;
    });
  }
  document.addEventListener("keydown", (event) => {
    const tab = event.target.closest("[role=tab]");
    if (!tab || !["ArrowLeft", "ArrowRight"].includes(event.key)) return;
    const all = [...tab.closest("[role=tablist]").querySelectorAll("[role=tab]")];
    const next = all[(all.indexOf(tab) + (event.key === "ArrowRight" ? 1 : -1) + all.length) % all.length];
    showTab(next); next.focus();
  });
  document.addEventListener("submit", (event) => {
    // A second click while the first is on its way must not send twice.
    const form = event.target;
    if (form.dataset.sent === "1") { event.preventDefault(); return; }
    if (form.method === "post") form.dataset.sent = "1";
  });
  window.addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach((form) => { delete form.dataset.sent; }));
  document.addEventListener("DOMContentLoaded", () => {
    const opened = document.querySelector("dialog[data-open]");
    if (opened) opened.showModal();
  });
})();
