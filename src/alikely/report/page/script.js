"use strict";
// The threshold that moves through every plot, and the map that shows its items. All numbers come with the page.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const find = (id) => document.getElementById(id);
  const count = (number) => number.toLocaleString("en-US");
  const short = (number) => String(Number(number.toPrecision(4)));
  const percent = (rate) => `${Number((100 * rate).toPrecision(3))} %`;

  function threshold(view) {
    const slider = find("slider");
    const histogram = document.querySelector(".histogram");
    const [left, right] = [view.x[0], view.x[view.steps - 1]];

    function place(index) {
      const at = view.thresholds[index];
      const falseMatches = view.different[index];
      const falseNonMatches = view.samePairs - view.same[index];
      const fmr = percent(falseMatches / view.differentPairs);
      const fnmr = percent(falseNonMatches / view.samePairs);
      find("at").textContent = short(at);
      find("fmr").textContent = fmr;
      find("fnmr").textContent = fnmr;
      find("false-matches").textContent = count(falseMatches);
      find("false-non-matches").textContent = count(falseNonMatches);
      slider.setAttribute("aria-valuetext", `${short(at)}: FMR ${fmr}, FNMR ${fnmr}`);
      const x = view.x[index];
      histogram.querySelector(".threshold").setAttribute("transform", `translate(${x} 0)`);
      const [below, above] = histogram.querySelectorAll("clipPath rect");
      below.setAttribute("width", x - left);
      above.setAttribute("x", x);
      above.setAttribute("width", right - x);
      for (const plot of ["det", "roc"]) {
        const marker = document.querySelector(`.marker.${plot}`);
        if (marker) {
          marker.setAttribute("cx", view[plot][0][index]);
          marker.setAttribute("cy", view[plot][1][index]);
        }
      }
      for (const verdict of document.querySelectorAll(".verdict")) {
        const distance = Number(verdict.closest(".pair").dataset.distance);
        const called = distance <= at ? "same" : "different";
        const wrong = called === verdict.dataset.called;
        verdict.textContent = `called ${called}${wrong ? ": wrong" : ""}`;
        verdict.classList.toggle("is-wrong", wrong);
      }
      for (const button of document.querySelectorAll("button[data-index]")) {
        button.setAttribute("aria-pressed", String(Number(button.dataset.index) === index));
      }
    }

    function choose(index) {
      // The thresholds with a name stand behind the evenly spaced ones: the slider goes to the nearest of those.
      const share = (view.x[index] - left) / (right - left);
      slider.value = String(index < view.steps ? index : Math.round(share * (view.steps - 1)));
      place(index);
    }

    function drag(event) {
      const box = histogram.getBoundingClientRect();
      const x = ((event.clientX - box.left) / box.width) * histogram.viewBox.baseVal.width;
      const share = Math.min(1, Math.max(0, (x - left) / (right - left)));
      choose(Math.round(share * (view.steps - 1)));
    }

    slider.addEventListener("input", () => place(Number(slider.value)));
    histogram.addEventListener("pointerdown", (event) => {
      histogram.setPointerCapture(event.pointerId);
      drag(event);
    });
    histogram.addEventListener("pointermove", (event) => {
      if (histogram.hasPointerCapture(event.pointerId)) drag(event);
    });
    for (const button of document.querySelectorAll("button[data-index]")) {
      button.addEventListener("click", () => choose(Number(button.dataset.index)));
    }
    choose(view.steps);
  }

  // What an item that is no picture holds: a text, the cells of a row, or curves.
  function card(item) {
    const made = (name, text) => Object.assign(document.createElement(name), text === undefined ? {} : { textContent: text });
    if (item.text !== undefined) return [Object.assign(made("p", item.text), { dir: "auto" })];
    if (item.cells) {
      const list = made("dl");
      for (const [column, cell] of item.cells) list.append(made("dt", column), made("dd", cell || "–"));
      return [list];
    }
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("class", "curve");
    svg.setAttribute("viewBox", "0 0 112 112");
    (item.curves || []).forEach((points, channel) => {
      const line = document.createElementNS("http://www.w3.org/2000/svg", "polyline");
      line.setAttribute("class", `c${channel}`);
      line.setAttribute("points", points);
      svg.append(line);
    });
    return [svg];
  }

  function map(view) {
    const svg = document.querySelector(".map");
    const dots = [...svg.querySelectorAll("circle")];
    const places = dots.map((dot) => [Number(dot.getAttribute("cx")), Number(dot.getAttribute("cy"))]);
    const thumb = find("thumb");
    const shown = 112; // as large as #thumb in the style sheet
    let here = -1;

    function show(number) {
      if (number === here) return;
      here = number;
      svg.classList.add("chosen");
      dots.forEach((dot, other) => {
        dot.classList.toggle("here", other === number);
        dot.classList.toggle("kin", view.labels !== null && view.labels[other] === view.labels[number]);
      });
      const row = Math.floor(number / view.columns);
      thumb.classList.toggle("filled", view.sprite !== null || Object.keys(view.cards[number]).length > 0);
      if (view.sprite) {
        thumb.style.backgroundImage = `url(${view.sprite})`;
        thumb.style.backgroundSize = `${view.columns * shown}px auto`;
        thumb.style.backgroundPosition = `${-(number % view.columns) * shown}px ${-row * shown}px`;
      } else {
        thumb.replaceChildren(...card(view.cards[number]));
      }
      find("identity").textContent = view.labels === null ? "" : view.labels[number];
      find("name").textContent = view.names[number];
    }

    function nearest(event) {
      const box = svg.getBoundingClientRect();
      const scale = svg.viewBox.baseVal.width / box.width;
      const [x, y] = [(event.clientX - box.left) * scale, (event.clientY - box.top) * scale];
      let [best, least] = [-1, (24 * scale) ** 2];
      places.forEach(([across, down], number) => {
        const far = (across - x) ** 2 + (down - y) ** 2;
        if (far < least) [best, least] = [number, far];
      });
      if (best >= 0) show(best);
    }

    svg.addEventListener("pointermove", nearest);
    svg.addEventListener("pointerdown", nearest);
    svg.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      if (!step) return;
      event.preventDefault();
      show((Math.max(here, step > 0 ? here : 0) + step + dots.length) % dots.length);
    });
  }

  if (data.threshold) threshold(data.threshold);
  if (data.map) map(data.map);
  // On paper nothing can be opened.
  window.addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((part) => (part.open = true)));
})();
