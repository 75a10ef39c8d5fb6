/* Light or dark, as chosen in the console or else as the system says; before the first paint. */
(function () {
  "use strict";
  const wanted = (localStorage.getItem("_x_adminTheme") || "auto").replace(/"/g, "");
  const system = matchMedia("(prefers-color-scheme: dark)");
  const apply = () => document.documentElement.classList.toggle("dark", wanted === "dark" || (wanted === "auto" && system.matches));
  apply();
  system.addEventListener("change", apply);
})();
