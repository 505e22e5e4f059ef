// The board without a new page: it follows the filters, and looks again every minute unless somebody stops it.
(() => {
  const EVERY = 60_000, PAUSE = 300;
  const form = document.getElementById("wanted");
  let asked = 0, typing = 0;

  const stopped = () => { try { return sessionStorage.getItem("board-stopped") === "yes"; } catch { return false; } };
  const button = () => document.querySelector("#refreshing button");
  const dress = () => {
    document.getElementById("refreshing").hidden = false;
    button().setAttribute("aria-pressed", String(!stopped()));
  };

  const look = async (address, announce) => {
    const mine = ++asked;
    let answer;
    try { answer = await fetch(address, { headers: { Accept: "text/html" } }); } catch { return; }
    if (mine !== asked) return;
    if (answer.status === 401 || answer.status === 403) { location.reload(); return; }
    if (!answer.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("results");
    const results = document.getElementById("results");
    const active = document.activeElement;
    const held = results.contains(active) ? active.getAttribute("href") : null;
    const onButton = active === button();
    const scroll = results.querySelector(".scroll")?.scrollLeft ?? 0;
    // Whoever reads or tabs there stays where they are.
    results.replaceChildren(...fresh.childNodes);
    const moved = results.querySelector(".scroll");
    if (moved) moved.scrollLeft = scroll;
    dress();
    if (onButton) button().focus();
    if (held) results.querySelector(`a[href="${CSS.escape(held)}"]`)?.focus({ preventScroll: true });
    if (announce) said.textContent = document.getElementById("told").textContent;
  };

  const said = document.createElement("p");
  said.className = "unseen";
  said.setAttribute("role", "status");
  form.after(said);

  const wish = () => {
    const wanted = new URLSearchParams([...new FormData(form)].filter(([, value]) => value));
    const address = wanted.size ? `${form.action}?${wanted}` : form.action;
    history.replaceState(null, "", address);
    // Airflow's address bar follows what its frame loads; nothing was loaded, but a reload is to keep the filters.
    window.frameElement?.dispatchEvent(new Event("load"));
    look(address, true);
  };
  form.addEventListener("submit", (event) => { event.preventDefault(); wish(); });
  form.addEventListener("change", wish);
  form.addEventListener("input", (event) => {
    if (event.target.type !== "search") return;
    clearTimeout(typing);
    typing = setTimeout(wish, PAUSE);
  });
  document.addEventListener("click", (event) => {
    if (event.target !== button()) return;
    try { sessionStorage.setItem("board-stopped", stopped() ? "" : "yes"); } catch { /* not kept, then */ }
    dress();
  });
  setInterval(() => { if (!stopped() && !document.hidden) look(location.href, false); }, EVERY);
  dress();
})();
