// Light or dark, before the first paint: what was chosen on this page, else what the system has.
// A plain script in the head, not a module: a module would run after the page was seen.
(() => {
  let chosen = null;
  try {
    chosen = localStorage.getItem("alikely-theme");
  } catch {
    // Storage may be forbidden; the system's choice is fine then.
  }
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
})();
