/* Texts that go on from one state side by side, with the same draws: one for each set of clamps.

   reading   has the text that they go on from, of `place` units
   isOwn     whether what is written belongs to the text itself: there is one stream then, without clamps */

function openWriting(network, model, settings, reading, place, isOwn) {
  const streams = settings.clampSets.map((clamps) => ({ clamps, state: stateWith(clamps), isOver: false, isFull: false }));
  const weights = new Float64Array(network.V);
  const order = new Int32Array(network.V);
  let steps = 0;

  /* Cells are held from the step on that the first written unit is drawn after. */
  function stateWith(clamps) {
    if (clamps.length) {
      const { state, id } = reading.lastStep(place);
      network.setState(state);
      network.step(id, clamps);
    } else {
      reading.goTo(place);
    }
    return network.state();
  }

  /* Writes until `deadline`; the new units of each stream. */
  function writeUntil(deadline, clock) {
    const found = streams.map(() => []);
    let count = Math.min(settings.length - steps, 256);
    streams.forEach((stream, number) => {
      if (stream.isOver || stream.isFull) return;
      network.setState(stream.state);
      for (let n = 0; n < count; n++) {
        const id = choose(network.logits, weights, order, settings, drawAt(settings.seed, place + steps + n), model.standIn);
        if (id === model.mark) {
          stream.isOver = true;
          break;
        }
        if (!isOwn) network.step(id, stream.clamps);
        else if (!reading.push(id)) {
          stream.isFull = true;
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

  return { writeUntil, isOver: () => steps >= settings.length || streams.every((stream) => stream.isOver || stream.isFull),
    endings: () => streams.map((stream) => stream.isOver), isFull: () => streams.some((stream) => stream.isFull) };
}
