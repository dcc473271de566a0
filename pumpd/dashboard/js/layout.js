// How many beds stand beside each other, and whether they are told in full or as small sectors. Pure. Beds keep their
// order, so that a bed has its place; nothing is ever sorted by alarm.

/** @typedef {{columns: number, small: boolean}} Layout */

/** Head line and edges, and the alarm list, of the space of a wall (as in css/base.css). */
const HEAD_PX = 64;
const listPx = (/** @type {number} */ width) => Math.min(Math.max(15 * 16, 0.175 * width), 25 * 36);
/** A full tile's hundredth (--u in css/tile.css) below which its words can no longer be read, on a screen 1920 wide. */
const LEAST_U_PX = 2.55;
const WALL_PX = 1920;
/** A wall is wider than this; below it pages scroll. */
const DESK_PX = 1400;
const PHONE_PX = 760;
const MOST_FULL = { desk: 12, phone: 12 };
const SMALL_PX = 190;

/** Columns of full tiles on a wall: up to so many beds, so many columns. @type {readonly (readonly [number, number])[]} */
const WALL = [[1, 1], [4, 2], [6, 3], [8, 4], [9, 3], [16, 4], [20, 5], [24, 6]];

/**
 * A hundredth of a tile's width, or what its height allows (as --u in css/tile.css).
 * @param {number} beds
 * @param {number} columns
 * @param {number} width
 * @param {number} height
 */
function hundredth(beds, columns, width, height) {
  return Math.min(width / columns / 100, height / Math.ceil(beds / columns) / 67.5);
}

/**
 * The columns with which small sectors are largest.
 * @param {number} beds
 * @param {number} width
 * @param {number} height
 */
function best(beds, width, height) {
  const sizes = Array.from({ length: Math.min(beds, 12) }, (_, n) => hundredth(beds, n + 1, width, height));
  return 1 + sizes.indexOf(Math.max(...sizes));
}

/**
 * @param {number} beds
 * @param {number} width of the window
 * @param {number} height of the window
 * @returns {Layout}
 */
export function layout(beds, width, height) {
  if (beds === 0) return { columns: 1, small: false };
  if (width <= PHONE_PX) return beds <= MOST_FULL.phone ? { columns: 1, small: false } : { columns: 2, small: true };
  if (width <= DESK_PX && beds <= MOST_FULL.desk) return { columns: Math.min(beds, 2), small: false };
  const room = width <= 1100 ? width : width - listPx(width);
  if (width <= DESK_PX) {
    return { columns: Math.min(best(beds, room, height - HEAD_PX), Math.max(3, Math.floor(room / SMALL_PX))), small: true };
  }
  const columns = WALL.find(([most]) => beds <= most)?.[1];
  const least = LEAST_U_PX * Math.max(1, width / WALL_PX);
  if (columns && hundredth(beds, columns, room, height - HEAD_PX) >= least) return { columns, small: false };
  return { columns: best(beds, room, height - HEAD_PX), small: true };
}
