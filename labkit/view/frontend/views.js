/* The views there are, by name, in the order of the menu. A view is one module in views/; docs/views.md tells how one is written. */
import { ballots } from "./views/ballots.js";
import { cluster } from "./views/cluster.js";
import { commit } from "./views/commit.js";
import { convergence } from "./views/convergence.js";
import { elections } from "./views/elections.js";
import { gossip } from "./views/gossip.js";
import { history } from "./views/history.js";
import { load } from "./views/load.js";
import { logs } from "./views/logs.js";
import { rates } from "./views/rates.js";
import { ring } from "./views/ring.js";
import { spacetime } from "./views/spacetime.js";
import { table } from "./views/table.js";

/**
 * @typedef {object} View
 * @property {string} name  what a reader asks for: `cluster.view("logs")`; also the name of its file
 * @property {string} title  its heading, and its line in the menu
 * @property {"stage" | "side" | "wide"} [place]  "side": beside the picture when there is one; else over the whole width
 * @property {boolean} [bare]  without a heading
 * @property {boolean} [quick]  drawn in every frame; else ten times a second
 * @property {(trace: import("./trace.js").Trace) => string | null} wants  null when there is something to show, else a sentence that says what is missing
 * @property {(trace: import("./trace.js").Trace, handlers: Handlers) => Panel} make
 */
/**
 * @typedef {object} Panel  a view that stands on a page
 * @property {HTMLElement} element
 * @property {(width: number) => void} [resize]  called before the first drawing, and when the width in pixels has changed
 * @property {(scene: import("./scene.js").Scene, emphasis: Emphasis) => void} draw
 * @property {(scene: import("./scene.js").Scene) => string} [text]  what it shows, in a sentence, for those who cannot see it
 * @property {() => void} [light]  lights up what an event could know, or no longer
 * @property {(id: string) => boolean} [focus]  takes the focus to a node; false if it has none of this id
 */
/**
 * @typedef {object} Handlers  what a view may ask of the player
 * @property {(time: number) => void} seek  moves the cursor to a time
 * @property {(seq: number) => void} goTo  stops after the step that holds an event
 * @property {(selected: import("./cluster.js").Selection | null) => void} select  shows a node or a message in the inspector
 * @property {() => void} refresh  asks for a drawing
 * @property {() => Object<string, string>} palette  the theme's colours, for a canvas
 * @property {(id: string) => void} node  a node was clicked in the picture
 * @property {(action: string, args: any[]) => void} fault  does a fault in the running cluster
 * @property {() => string | null} faultsOff  why no fault can be done now
 * @property {HTMLElement} tools  the row of faults
 * @property {(unit: import("./stepper.js").Unit, direction?: 1 | -1) => void} stepBy  what the arrows step by from now on
 */
/**
 * @typedef {object} Emphasis
 * @property {import("./cluster.js").Selection | null} selected
 * @property {{nodes: Set<string>, flights: Set<number>}} marked  what the violation at this moment is about
 * @property {Map<string, import("./glyphs.js").Glyph>} glyphs  the sign of each type of message
 * @property {Map<string, string>} pending  node -> the word for what was asked of it
 * @property {Set<string>} ticked  nodes chosen for one side of a partition
 * @property {boolean} playing
 * @property {boolean} still  nothing shall fly: the reader prefers reduced motion
 */

/** @type {Map<string, View>} */
export const VIEWS = new Map([cluster, table, spacetime, logs, elections, ballots, commit, history, ring, load, gossip, convergence, rates].map((view) => [view.name, view]));

/** What is shown when nothing is asked for. */
export const USUAL = ["cluster", "table", "spacetime"];
