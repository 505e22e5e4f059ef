// Airflow shows the board in a frame that may not open windows or leave by itself; its own window follows links out of the
// board. What is on another site, such as the public pages, gets a window of its own.
addEventListener("click", (event) => {
  const link = event.target.closest?.("a[href]");
  if (!link || event.defaultPrevented || event.button !== 0) return;
  const elsewhere = link.origin !== location.origin;
  if (!elsewhere && link.pathname.startsWith(document.body.dataset.board)) return;
  link.target = elsewhere ? "_blank" : "_top";
  if (parent === window) return;
  try {
    const outside = parent.document.createElement("a");
    outside.href = link.href;
    if (elsewhere || event.ctrlKey || event.metaKey || event.shiftKey) {
      outside.target = "_blank";
      outside.rel = "noopener";
    }
    parent.document.body.append(outside);
    event.preventDefault();
    outside.click();
    outside.remove();
  } catch { /* another site's frame: the browser does what it may */ }
});
