/* The list of cases by keyboard: j and k move from case to case, / goes to the filters; Enter is the link's own. */

const rows = [...document.querySelectorAll("a[data-row]")];

document.addEventListener("keydown", (event) => {
  if (event.target.closest("input, textarea, select") || event.ctrlKey || event.metaKey || event.altKey) return;
  const step = { j: 1, k: -1 }[event.key];
  if (event.key === "/") {
    event.preventDefault();
    document.querySelector("[data-first]")?.focus();
  } else if (step && rows.length) {
    const at = rows.indexOf(document.activeElement);
    rows[Math.min(Math.max(at + step, 0), rows.length - 1)].focus();
  }
});
