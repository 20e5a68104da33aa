// The curve of the map, as phonotheque.catalogue.coverage.curve has it: places to pixels and back.

export function pixelOf(place, order) {
  const side = 2 ** order, square = Math.floor(place / side ** 2);
  let rest = place % side ** 2, x = 0, y = 0;
  for (let s = 1; s < side; s *= 2) {
    const right = Math.floor(rest / 2) % 2, up = (rest % 2) ^ right;
    if (!up) {
      if (right) [x, y] = [s - 1 - x, s - 1 - y];
      [x, y] = [y, x];
    }
    x += s * right;
    y += s * up;
    rest = Math.floor(rest / 4);
  }
  return [x + square * side, y];
}

export function placeOf(column, row, order) {
  const side = 2 ** order, square = Math.floor(column / side);
  let x = column % side, y = row, place = 0;
  for (let s = side / 2; s >= 1; s /= 2) {
    const right = x >= s ? 1 : 0, up = y >= s ? 1 : 0;
    place += s * s * ((3 * right) ^ up);
    x -= s * right;
    y -= s * up;
    if (!up) {
      if (right) [x, y] = [s - 1 - x, s - 1 - y];
      [x, y] = [y, x];
    }
  }
  return place + square * side ** 2;
}
