/* The network at one end of a port, in a worker of its own where the browser has one. It answers messages between slices of
   work, so that nothing waits long: a newer text takes the place of an older one, and writing stops at once. */

const SLICE = 20; /* milliseconds of work before the next message is heard */

function serve(port) {
  let model = null;
  let network = null;
  let reading = null;
  let view = { layer: 0, unit: 0, signal: "h" };
  let version = 0;
  let isReading = false;
  let looking = null; /* what to look at once the text is read so far */
  let writing = null;
  let collecting = null; /* {signals, reading}: signals of all cells along a text that is read once for them */
  let isTicking = false;
  const clock = () => performance.now();
  const ticker = new MessageChannel();
  ticker.port1.onmessage = tick;

  const actions = {
    async open(message) {
      const begun = clock();
      model = message.model;
      const arrays = await unpackedArrays(model.arrays);
      network = openNetwork(model, arrays, message.isPlain ? null : bytesOf(model.wasm));
      reading = openReading(network, model);
      view.signal = reading.signals[0];
      port.postMessage({ type: "opened", isCompiled: network.isCompiled, signals: reading.signals, most: reading.most,
        milliseconds: clock() - begun });
    },
    read(message) {
      version = message.version;
      const done = reading.change(message.ids, message.isLed);
      sendRead(Math.min(message.have, done), done);
      isReading = done < reading.length;
    },
    /* a text is sent after it */
    label(message) {
      network.setLabel(message.label);
      reading.restart();
      isReading = false;
      looking = null;
    },
    view(message) {
      view = message.view;
      sendValues(0, reading.done);
      if (message.at !== undefined) looking = { at: message.at };
    },
    look(message) {
      looking = { at: message.at };
    },
    write(message) {
      /* begins once the text is read */
      writing = { request: message, job: null, milliseconds: 0, units: 0, unsent: message.clampSets.map(() => []), from: 0, isShown: true };
    },
    /* the page has drawn what was sent last; until it has, what is written gathers here, so that drawing holds up nothing */
    shown() {
      if (writing) writing.isShown = true;
    },
    stop() {
      if (writing) finishWriting(true);
    },
    collect({ signals, ids }) {
      const own = openReading(network, model, signals, ids.length);
      own.change(ids, false);
      collecting = { signals, reading: own };
    },
  };

  function sendRead(from, to) {
    port.postMessage({ type: "read", version, from, to, isDone: to === reading.length, ...reading.result(from, to) });
    sendValues(from, to);
  }

  function sendValues(from, to) {
    port.postMessage({ type: "values", version, from, view, values: reading.along(view.layer, view.unit, view.signal, from, to) });
  }

  function tick() {
    isTicking = false;
    if (looking && looking.at <= reading.done) {
      port.postMessage({ type: "looked", version, ...reading.look(looking.at, 10, view.signal) });
      looking = null;
    }
    if (isReading) {
      const { from, to } = reading.readUntil(clock() + SLICE, clock);
      sendRead(from, to);
      isReading = to < reading.length;
    } else if (writing) {
      write();
    } else if (collecting) {
      collect();
    }
    if (isReading || writing || collecting || (looking && looking.at <= reading.done)) wake();
  }

  function write() {
    const { request } = writing;
    const isOwn = request.clampSets.length === 1;
    const begun = clock();
    if (isOwn || !writing.job) reading.goTo(request.at + (isOwn ? writing.units : 0));
    if (!writing.job) {
      if (Number.isNaN(network.logits[0])) {
        finishWriting(false);
        return;
      }
      writing.from = reading.done;
      writing.job = openWriting(network, model, request, reading, request.at, isOwn);
    }
    const streams = writing.job.writeUntil(begun + SLICE, clock);
    if (isOwn) reading.rest();
    writing.units += streams.reduce((sum, ids) => sum + ids.length, 0);
    writing.milliseconds += clock() - begun;
    streams.forEach((ids, place) => writing.unsent[place].push(...ids));
    if (writing.job.isOver()) finishWriting(false);
    else if (writing.isShown) sendWritten();
  }

  function sendWritten() {
    const { request, unsent, from } = writing;
    if (!unsent.some((ids) => ids.length)) return;
    port.postMessage({ type: "wrote", number: request.number, streams: unsent });
    if (unsent.length === 1) sendRead(from, reading.done);
    writing.unsent = unsent.map(() => []);
    writing.from = reading.done;
    writing.isShown = false;
  }

  function collect() {
    collecting.reading.readUntil(clock() + SLICE, clock);
    if (collecting.reading.done < collecting.reading.length) return;
    const values = collecting.signals.map((signal) => collecting.reading.ofAllCells(signal));
    port.postMessage({ type: "collected", signals: collecting.signals, values }, values.map((one) => one.buffer));
    collecting = null;
  }

  function finishWriting(isStopped) {
    sendWritten();
    const { request, job, milliseconds, units } = writing;
    writing = null;
    port.postMessage({ type: "finished", number: request.number, isStopped, endings: job ? job.endings() : [], isFull: Boolean(job && job.isFull()), units, milliseconds });
  }

  function wake() {
    if (isTicking) return;
    isTicking = true;
    ticker.port2.postMessage(null);
  }

  port.onmessage = async ({ data }) => {
    try {
      await actions[data.type](data);
      if (data.type !== "open") wake();
    } catch (error) {
      port.postMessage({ type: "failed", message: String(error && error.message) });
    }
  };
}
