/* The mail page: saving while typing, and the countdown of a released mail.
   What is typed is mirrored in this browser at every key, so a closed page or a lost sign-in loses nothing. */
(function () {
  "use strict";
  const part = (name) => document.querySelector(`[data-part="${name}"]`);
  const form = document.getElementById("text");
  if (form) editing(form);
  const wait = document.querySelector("[data-wait]");
  if (wait) countdown(wait);

  function editing(form) {
    const key = `holdgate.mail.${form.dataset.mail}`, saved = document.querySelector("[data-saved]");
    const stale = form.querySelector("[data-stale]");
    const text = () => ({ subject: form.subject.value, body: form.body.value });
    let clean = JSON.stringify(text()), timer = 0, busy = null;
    const isDirty = () => JSON.stringify(text()) !== clean;
    recall();

    function recall() {
      const kept = JSON.parse(localStorage.getItem(key) || "null");
      if (!kept || (kept.subject === form.subject.value && kept.body === form.body.value)) return;
      form.subject.value = kept.subject; form.body.value = kept.body;
      say(`Your unsaved text of ${kept.at} is back. Save it, or reload the saved one.`);
      if (String(kept.version) !== form.version.value) conflict(`Version ${form.version.value} was saved since you typed this.`);
    }
    function say(words) { saved.textContent = words; }
    function conflict(words) {
      stale.hidden = false;
      stale.querySelector("[data-stale-words]").textContent = words;
    }
    async function save() {
      clearTimeout(timer);
      while (busy) await busy;
      if (!isDirty() || !stale.hidden) return;
      busy = send().finally(() => { busy = null; });
      await busy;
    }
    async function send() {
      const mine = text();
      say("saving");
      let response, answer;
      try {
        response = await fetch(form.getAttribute("action"), { method: "POST", body: new FormData(form), headers: { Accept: "application/json" } });
        answer = await response.json();
      } catch {
        say("Not saved: the server does not answer. Your text is kept in this browser.");
        return;
      }
      if (!response.ok) {
        if (answer.code !== "stale_version") { say(answer.detail); return; }
        say("not saved");
        form.version.value = answer.version;
        conflict(answer.detail);
        return;
      }
      clean = JSON.stringify(mine);
      form.version.value = answer.version;
      if (!isDirty()) localStorage.removeItem(key);
      say(`saved ${answer.saved}`);
      document.querySelectorAll("[data-version]").forEach((el) => { el.textContent = answer.version; });
      Object.entries(answer.parts).forEach(([name, html]) => { if (part(name)) part(name).innerHTML = html; });
    }
    form.addEventListener("input", () => {
      localStorage.setItem(key, JSON.stringify({ ...text(), version: form.version.value, at: new Date().toTimeString().slice(0, 5) }));
      say("not saved yet");
      clearTimeout(timer);
      timer = setTimeout(save, 4000);
    });
    form.addEventListener("change", save);
    form.addEventListener("submit", (event) => {
      const button = event.submitter, onlySaves = button && button.hasAttribute("data-save");
      clearTimeout(timer);
      if (!onlySaves && !busy && !isDirty()) { localStorage.removeItem(key); return; }
      // What is typed is saved first, or the release would meet its own save as a stranger's.
      event.preventDefault();
      event.stopPropagation();
      save().then(() => { if (!onlySaves && !isDirty() && stale.hidden) form.requestSubmit(button); });
    }, true);
    stale.querySelector("[data-mine]").addEventListener("click", () => { stale.hidden = true; save(); });
    stale.querySelector("[data-theirs]").addEventListener("click", () => localStorage.removeItem(key));
    document.addEventListener("keydown", (event) => {
      if (!(event.ctrlKey || event.metaKey) || document.querySelector("dialog[open]")) return;
      if (event.key === "s") { event.preventDefault(); save(); }
      if (event.key === "Enter") {
        event.preventDefault();
        const button = document.querySelector("[data-approve]");
        if (button) form.requestSubmit(button);
      }
    });
  }

  function countdown(wait) {
    const ends = performance.now() + Number(wait.dataset.wait) * 1000, whole = Number(wait.dataset.window);
    const clock = wait.querySelector("[data-clock]"), bar = wait.querySelector("[data-bar]"), said = wait.querySelector("[data-said]");
    let lastSaid = -1;
    const ticking = setInterval(tick, 250);
    tick();
    function tick() {
      const left = Math.max(0, Math.round((ends - performance.now()) / 1000));
      clock.textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
      bar.style.width = `${100 - (100 * left) / whole}%`;
      const minutes = Math.ceil(left / 60);
      if (minutes !== lastSaid) { said.textContent = `Sends in ${minutes} ${minutes === 1 ? "minute" : "minutes"}.`; lastSaid = minutes; }
      if (left > 0) return;
      clearInterval(ticking);
      wait.querySelector("[data-sends]").textContent = "Reading the facts again, then sending. Undo still works until it leaves.";
      setInterval(ask, 2000);
    }
    async function ask() {
      const response = await fetch(wait.dataset.state, { headers: { Accept: "application/json" } }).catch(() => null);
      if (response && response.ok && (await response.json()).status !== "approved") location.reload();
    }
  }
})();
