/* A few words beside what the pointer is on. */

function showHint(x, y, ...content) {
  const hint = byId("hint");
  hint.replaceChildren(...content);
  hint.hidden = false;
  const { width, height } = hint.getBoundingClientRect();
  hint.style.left = `${clamp(x + 12, 4, innerWidth - width - 4)}px`;
  hint.style.top = `${y - height - 10 < 4 ? y + 18 : y - height - 10}px`;
}

function hideHint() {
  byId("hint").hidden = true;
}
