// Airflow shows the board in a frame that may not open windows or leave by itself; its own window follows such links.
addEventListener("click", (event) => {
  const link = event.target.closest?.("a[data-leave]");
  if (!link || parent === window || event.defaultPrevented || event.button !== 0) return;
  try {
    const outside = parent.document.createElement("a");
    outside.href = link.href;
    if (link.target === "_blank" || event.ctrlKey || event.metaKey || event.shiftKey) {
      outside.target = "_blank";
      outside.rel = "noopener";
    }
    parent.document.body.append(outside);
    event.preventDefault();
    outside.click();
    outside.remove();
  } catch { /* another site's frame: the browser does what it may */ }
});
