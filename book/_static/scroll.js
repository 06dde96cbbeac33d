// What is too wide for its column scrolls by itself; a keyboard can reach and scroll it too.
(() => {
  const SCROLLING = ".bd-article :is(.cell_output, figure, pre, .pst-scrollable-table-container, .sd-card-body, mjx-container[display='true'])";
  const mark = () => {
    for (const one of document.querySelectorAll(SCROLLING)) {
      if (one.scrollWidth > one.clientWidth) one.tabIndex = 0;
    }
  };
  addEventListener("load", async () => {
    await window.MathJax?.startup?.promise;
    mark();
    addEventListener("resize", mark);
    addEventListener("toggle", mark, true);
  });
})();
