/* Texts that go on from one state side by side, with the same draws: one for each set of clamps.

   push   takes what is written if it belongs to the text itself, and reads it: there is one stream then, without clamps */

function openWriting(network, model, settings, place, push = null) {
  const start = network.state();
  const streams = settings.clampSets.map((clamps) => ({ clamps, state: start, isOver: false }));
  const weights = new Float64Array(network.V);
  const order = new Int32Array(network.V);
  let steps = 0;

  /* Writes until `deadline`; the new units of each stream. */
  function writeUntil(deadline, clock) {
    const found = streams.map(() => []);
    let count = Math.min(settings.length - steps, 256);
    streams.forEach((stream, number) => {
      if (stream.isOver) return;
      network.setState(stream.state);
      for (let n = 0; n < count; n++) {
        const id = choose(network.logits, weights, order, settings, drawAt(settings.seed, place + steps + n), model.standIn);
        if (id === model.mark) {
          stream.isOver = true;
          break;
        }
        if (!push) network.step(id, stream.clamps);
        else if (!push(id)) {
          stream.isOver = true;
          break;
        }
        found[number].push(id);
        /* the first stream says how many fit into the time, and the others follow it */
        if (number === 0 && (n & 7) === 7 && clock() > deadline) count = n + 1;
      }
      stream.state = network.state();
    });
    steps += count;
    return found;
  }

  return { writeUntil, isOver: () => steps >= settings.length || streams.every((stream) => stream.isOver),
    endings: () => streams.map((stream) => stream.isOver) };
}
