// What stands around every page: the switch between light and dark, the menu on a narrow screen.

const root = document.documentElement;

document.getElementById("theme-button").addEventListener("click", () => {
  const system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  const now = root.dataset.theme ?? system;
  root.dataset.theme = now === "dark" ? "light" : "dark";
  try {
    localStorage.setItem("alikely-theme", root.dataset.theme);
  } catch {
    // It holds for this page then.
  }
  window.dispatchEvent(new Event("themechange"));
});

const button = document.getElementById("menu-button");
const menu = document.getElementById("menu");
if (button) {
  const open = (yes) => {
    button.setAttribute("aria-expanded", String(yes));
    menu.classList.toggle("open", yes);
  };
  button.addEventListener("click", () => open(button.getAttribute("aria-expanded") !== "true"));
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && menu.classList.contains("open")) {
      open(false);
      button.focus();
    }
  });
  document.addEventListener("click", (event) => {
    if (!menu.contains(event.target) && !button.contains(event.target)) open(false);
  });
}

// A file dropped beside an input would open in place of the page.
for (const kind of ["dragover", "drop"]) window.addEventListener(kind, (event) => event.preventDefault());
