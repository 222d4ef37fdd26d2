"use strict";

// Light or dark: as the system says, until the button says otherwise.
const theme = document.getElementById("theme");
const systemDark = matchMedia("(prefers-color-scheme: dark)");

function isDark() {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === "dark" : systemDark.matches;
}

function nameTheme() {
  theme.textContent = isDark() ? "Light" : "Dark";
  theme.setAttribute("aria-label", isDark() ? "Use light colors" : "Use dark colors");
}

theme.addEventListener("click", () => {
  document.documentElement.dataset.theme = isDark() ? "light" : "dark";
  nameTheme();
});
systemDark.addEventListener("change", nameTheme);
theme.hidden = false;
nameTheme();

for (const element of document.querySelectorAll(".needs-script")) element.hidden = false;

// The scores of one task, or of all.
const panel = document.getElementById("panel");
if (panel) {
  document.getElementById("panel-field").hidden = false;
  const showPanel = () => {
    for (const charts of document.querySelectorAll("[data-panel]")) {
      charts.hidden = charts.dataset.panel !== panel.value;
    }
  };
  panel.addEventListener("change", showPanel);
  showPanel(); // a browser keeps what was selected before the page was loaded again
}

// The edits: filters, arrow keys, one edit large.
const cards = [...document.querySelectorAll("#cards > .card")];
const filters = document.getElementById("filters");
const large = document.getElementById("large");
let shown = cards;
let enlarged = -1;

const texts = cards.map((card) => card.textContent.toLowerCase().replace(/\s+/g, " "));

function valueOf(id) {
  return document.getElementById(id)?.value ?? "";
}

function isWanted(card, outcome) {
  if (outcome === "*dropped") return card.classList.contains("dropped");
  return !outcome || card.dataset.outcome === outcome;
}

function filterCards() {
  const task = valueOf("by-task");
  const outcome = valueOf("by-outcome");
  const truth = valueOf("by-truth");
  const words = valueOf("by-text").toLowerCase().split(/\s+/).filter(Boolean);
  cards.forEach((card, position) => {
    card.hidden = !(
      (!task || card.dataset.task === task) &&
      isWanted(card, outcome) &&
      (!truth || card.dataset.truth === truth) &&
      words.every((word) => texts[position].includes(word))
    );
  });
  shown = cards.filter((card) => !card.hidden);
  document.getElementById("found").textContent = `${shown.length} of ${cards.length} shown`;
  document.getElementById("nothing").hidden = shown.length > 0;
}

function select(id, value) {
  const field = document.getElementById(id);
  if ([...field.options].some((option) => option.value === value)) field.value = value;
}

function buttonOf(card) {
  return card.querySelector(".pictures");
}

function columns() {
  const top = shown[0].offsetTop;
  const second = shown.findIndex((card) => card.offsetTop > top);
  return second < 0 ? shown.length : second;
}

function step(key, position) {
  const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns(), ArrowDown: columns() };
  if (key === "Home") return 0;
  if (key === "End") return shown.length - 1;
  return key in steps ? position + steps[key] : null;
}

function enlarge(position) {
  enlarged = position;
  const content = shown[position].querySelector("article").cloneNode(true);
  const title = content.querySelector("h3");
  const pictures = document.createElement("div");
  pictures.className = "pictures";
  pictures.append(...content.querySelectorAll(".picture"));
  content.querySelector("button").replaceWith(pictures);
  content.removeAttribute("aria-labelledby");
  title.id = "large-title";
  for (const details of content.querySelectorAll("details")) details.open = true;
  document.getElementById("large-content").replaceChildren(content);
  document.getElementById("large-place").textContent = `${position + 1} of ${shown.length}`;
  document.getElementById("previous").disabled = position === 0;
  document.getElementById("next").disabled = position === shown.length - 1;
  if (!large.open) large.showModal();
  large.scrollTop = 0;
}

function turn(by) {
  const position = enlarged + by;
  if (position >= 0 && position < shown.length) enlarge(position);
}

if (filters) {
  filters.hidden = false;
  filters.addEventListener("input", filterCards);
  filters.addEventListener("submit", (event) => event.preventDefault());
  filters.addEventListener("reset", () => setTimeout(filterCards));

  for (const link of document.querySelectorAll("a[data-outcome], a[data-task]")) {
    link.addEventListener("click", () => {
      filters.reset();
      if (link.dataset.outcome) select("by-outcome", link.dataset.outcome);
      if (link.dataset.task) select("by-task", link.dataset.task);
      setTimeout(filterCards);
    });
  }

  document.getElementById("cards").addEventListener("keydown", (event) => {
    const position = shown.findIndex((card) => buttonOf(card) === event.target);
    const next = position < 0 ? null : step(event.key, position);
    if (next === null || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const card = shown[Math.min(Math.max(next, 0), shown.length - 1)];
    buttonOf(card).focus();
    card.scrollIntoView({ block: "nearest" });
  });
  document.getElementById("cards").addEventListener("click", (event) => {
    const position = shown.findIndex((card) => buttonOf(card).contains(event.target));
    if (position >= 0) enlarge(position);
  });

  document.getElementById("previous").addEventListener("click", () => turn(-1));
  document.getElementById("next").addEventListener("click", () => turn(1));
  document.getElementById("close").addEventListener("click", () => large.close());
  large.addEventListener("keydown", (event) => {
    if (event.key === "ArrowLeft") turn(-1);
    if (event.key === "ArrowRight") turn(1);
  });
  large.addEventListener("click", (event) => {
    if (event.target === large) large.close();
  });
  large.addEventListener("close", () => buttonOf(shown[enlarged])?.focus());
  filterCards();
}
