// Follows the theme of Airflow's UI, which keeps `light` or `dark` under `theme`; anything else is the system's choice.
(() => {
  const follow = () => {
    let theme = null;
    try { theme = localStorage.getItem("theme"); } catch { /* the system's choice, then */ }
    const root = document.documentElement;
    if (theme === "light" || theme === "dark") root.dataset.theme = theme; else delete root.dataset.theme;
  };
  follow();
  addEventListener("storage", follow);
})();
