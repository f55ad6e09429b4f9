/* The page's end of the port to the network: in a worker, or in the page itself where there is none. */

function openClient(model, onMessage, isPlain) {
  const { wasm, arrays, network, size, extra, signals, mark, standIn, lead, labels } = model;
  const opening = { type: "open", isPlain, model: { wasm, arrays, network, size, extra, signals, mark, standIn, lead, labels } };
  let isOpened = false;
  let port;
  try {
    const address = URL.createObjectURL(new Blob([`(${networkCode})(self);`], { type: "text/javascript" }));
    port = new Worker(address);
    port.onerror = (event) => {
      event.preventDefault();
      if (isOpened) onMessage({ type: "failed", message: event.message });
      else {
        port.onmessage = null;
        port.terminate();
        connect(inPage());
      }
    };
  } catch {
    port = inPage();
  }

  function connect(to) {
    port = to;
    port.onmessage = ({ data }) => {
      isOpened = isOpened || data.type === "opened";
      onMessage(data);
    };
    port.postMessage(opening);
  }

  function inPage() {
    const channel = new MessageChannel();
    networkCode(channel.port2);
    return channel.port1;
  }

  connect(port);
  return { post: (message) => port.postMessage(message) };
}
