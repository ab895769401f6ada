// A field's values -> what points look like, in light and dark: colours and shapes that stay apart for the colour-blind.

/** How many categories have a look of their own; all others are grey. */
export const OWN = 10;

const LIGHT = ["#0b62a4", "#d97400", "#0f7f57", "#b8327f", "#5b43b5", "#a3241c", "#2f93bd", "#7c6f00", "#4b5a12", "#85522a"];
const DARK = ["#6db3f2", "#f5a742", "#4fcf9b", "#f07fc3", "#a996ff", "#ff8a7a", "#8fe0f5", "#e3d34f", "#b5cc62", "#d7a577"];
const SHAPES = ["circle", "circle", "circle", "circle", "circle", "diamond", "square", "triangle-up", "cross", "x"];
// From dark blue over green to yellow, each step lighter than the one before: readable without any colour. The end that
// would vanish in the background is left out.
const SCALE_LIGHT = ["#3b1a5c", "#3b4a8a", "#2a7390", "#1f9a86", "#54b05a", "#a3a51c"];
const SCALE_DARK = ["#5a55b0", "#3b86c4", "#2fb0a6", "#5fcf74", "#b6e04a", "#fdf07a"];

export const isDark = () => getComputedStyle(document.documentElement).colorScheme === "dark";

export const colourOf = (place) => (isDark() ? DARK : LIGHT)[place];
export const shapeOf = (place) => SHAPES[place];
export const otherColour = () => (isDark() ? "#69747c" : "#9aa3a9");
export const plainColour = () => (isDark() ? "#5cc7b5" : "#0d7467");

/** The colours for numbers, the smallest first. */
export const scale = () => (isDark() ? SCALE_DARK : SCALE_LIGHT);

/** The same as plotly wants it. */
export const plotlyScale = () => scale().map((colour, place, all) => [place / (all.length - 1), colour]);

/** A small drawing of a shape for the legend, as a path in a box of 16. */
export const PATHS = {
  circle: "M8 2.5a5.5 5.5 0 1 0 0 11a5.5 5.5 0 1 0 0-11z",
  diamond: "M8 1.5 14.5 8 8 14.5 1.5 8z",
  square: "M3 3h10v10H3z",
  "triangle-up": "M8 2 14.5 13.5h-13z",
  cross: "M6 2h4v4h4v4h-4v4H6v-4H2V6h4z",
  x: "M4.5 2 8 5.5 11.5 2 14 4.5 10.5 8 14 11.5 11.5 14 8 10.5 4.5 14 2 11.5 5.5 8 2 4.5z",
};
