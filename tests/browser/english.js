/* The texts and spoken attributes of the page that hold an English word. What the program itself says, in names and in values, is no
   English word, and neither are keys of the keyboard, calls in Python and settings of faults. */
() => {
  const own = new Set(["Python", "Home", "End", "Esc", "Enter", "Shift", "Ctrl", "None", "True", "False", "ms", "one_way"]);
  const take = (value) => {
    if (typeof value === "string") for (const word of value.match(/[A-Za-z]+/g) ?? []) own.add(word);
    else if (value && typeof value === "object") for (const [key, item] of Object.entries(value)) { take(key); take(item); }
  };
  const said = new Set(["send", "duplicate", "state", "note", "disk", "invoke", "ok", "info", "error", "timer", "set"]);
  for (const { node, kind, data } of window.view?.model.docs ?? []) {
    node.forEach((id, i) => { take(id); if (said.has(kind[i])) take(data[i]); });
  }
  if (window.view) {
    const { title, nodes, evidence, marks } = view.model.values.header;
    [title, nodes, evidence?.why, evidence?.model, (marks ?? []).map(({ label }) => label)].forEach(take);
  }
  const english = (text) => (text.replace(/[\w.]+\([^)]*\)|\w+…/g, "").match(/[A-Za-z]{2,}/g) ?? []).some((word) => !own.has(word));
  const found = new Set();
  const root = document.querySelector(".labkit-view");
  const walk = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    if (!walk.currentNode.parentElement.closest("[translate=no], code")) found.add(walk.currentNode.textContent);
  }
  for (const element of [root, ...root.querySelectorAll("*")]) {
    if (element.matches("td")) continue; /* the title of a cell is its value */
    for (const name of ["title", "aria-label", "aria-valuetext", "placeholder", "label"]) found.add(element.getAttribute(name) ?? "");
  }
  return [...found].filter(english);
}
