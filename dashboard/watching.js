// Shows nothing: asks the server often for the store's revision, and Python to look where it moved.
// While a hand moves a window, and until its fit is there, new points wait: they would cost it a turn.

const ASK = 200; // ms between two questions; an answer costs a millisecond or two
const ROOM = 500; // ms after new points are drawn: a hand that waited for them comes before others
const HAND = ".steep-panel[data-preview]"; // a window that moves, or waits for its fit
const watches = new WeakMap(); // parent element -> what it knows; the default export runs at every change

export default function ({ parentElement, data, setTriggerValue }) {
  if (!watches.has(parentElement)) watches.set(parentElement, begin());
  const watch = watches.get(parentElement);
  watch.take(data, setTriggerValue);
  return () => setTimeout(() => parentElement.isConnected || watch.end());
}

function begin() {
  let timer, data, tell, heard, looked = Date.now();

  async function ask() {
    const asked = timer;
    const answer = await fetch(data.address, { cache: "no-store" }).catch(() => undefined);
    const said = answer?.ok ? await answer.text().catch(() => heard) : heard;
    if (timer !== asked) return; // ended meanwhile, or drawn anew
    timer = setTimeout(ask, ASK);
    if (!answer) return; // the server has gone, which Streamlit says
    // Now and then in any case: a driver that fell silent writes nothing.
    const since = Date.now() - looked;
    if (document.querySelector(HAND) && since < 3 * data.every) return; // one may rest there long
    if (said !== heard || since >= data.every) {
      heard = said;
      looked = Date.now();
      tell("look", looked);
    }
  }

  return {
    take(given, setTriggerValue) {
      if (given.drawn !== data?.drawn) {
        heard = given.drawn; // more may have come since that was read
        clearTimeout(timer);
        timer = setTimeout(ask, ROOM);
      }
      data = given;
      tell = setTriggerValue;
    },
    end() {
      clearTimeout(timer);
      timer = undefined;
    },
  };
}
