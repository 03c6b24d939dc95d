/** The size of a tile in pixels. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** The narrowest and the widest tile, as width by height. Between them a camera's picture loses little at its edges. */
const NARROWEST = 1;
const WIDEST = 16 / 9;

/** Returns the size that makes `count` tiles as large as possible in an area, in rows that are filled from the left. */
export function tileSize(area: Size, count: number, gap: number): Size {
  let best: Size = { width: 0, height: 0 };
  for (let columns = 1; columns <= count; columns += 1) {
    const rows = Math.ceil(count / columns);
    const size = withinShape((area.width - gap * (columns - 1)) / columns, (area.height - gap * (rows - 1)) / rows);
    if (size.width * size.height > best.width * best.height) best = size;
  }
  return best;
}

/** Keeps the tiles of a stage as large as possible while its size and their number change. */
export function keepTilesLarge(stage: HTMLElement): void {
  const update = (): void => {
    const style = getComputedStyle(stage);
    const area = {
      width: stage.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight),
      height: stage.clientHeight - parseFloat(style.paddingTop) - parseFloat(style.paddingBottom),
    };
    const tiles = [...stage.querySelectorAll<HTMLElement>(".tile")].filter((tile) => getComputedStyle(tile).display !== "none");
    const { width, height } = tileSize(area, tiles.length, parseFloat(style.columnGap));
    stage.style.setProperty("--tile-width", `${Math.floor(width)}px`);
    stage.style.setProperty("--tile-height", `${Math.floor(height)}px`);
  };
  new ResizeObserver(update).observe(stage);
  new MutationObserver(update).observe(stage, { childList: true });
  new MutationObserver(update).observe(document.body, { attributeFilter: ["data-state"] });
}

function withinShape(width: number, height: number): Size {
  if (width <= 0 || height <= 0) return { width: 0, height: 0 };
  if (width / height > WIDEST) return { width: height * WIDEST, height };
  if (width / height < NARROWEST) return { width, height: width / NARROWEST };
  return { width, height };
}
