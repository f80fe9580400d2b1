// What a person would see of a page, as plain values. Evaluates to an object of functions.
// Shadow roots are looked into: marimo draws in them.
(() => {
  const up = (node) => node.parentElement ?? node.getRootNode().host ?? null;
  const parent = (node) => node.assignedSlot ?? up(node);

  function* elements(root = document) {
    for (const element of root.querySelectorAll("*")) {
      yield element;
      if (element.shadowRoot) yield* elements(element.shadowRoot);
    }
  }

  const seen = (element) =>
    element.checkVisibility({ opacityProperty: true, visibilityProperty: true });

  const words = (text, most = 60) => {
    const flat = (text ?? "").replace(/\s+/g, " ").trim();
    return flat.length > most ? flat.slice(0, most - 1) + "…" : flat;
  };

  const named = (element) => {
    const kind = element.tagName.toLowerCase();
    const id = element.id ? `#${element.id}` : "";
    const classes = [...element.classList].slice(0, 2).map((name) => `.${name}`).join("");
    const text = words(element.textContent, 40);
    return `${kind}${id}${classes}${text ? ` "${text}"` : ""}`;
  };

  const box = (rect) => ({
    left: rect.left + scrollX, top: rect.top + scrollY,
    right: rect.right + scrollX, bottom: rect.bottom + scrollY,
  });

  const common = (a, b) => ({
    left: Math.max(a.left, b.left), top: Math.max(a.top, b.top),
    right: Math.min(a.right, b.right), bottom: Math.min(a.bottom, b.bottom),
  });

  const wide = (rect) => rect.right - rect.left;
  const high = (rect) => rect.bottom - rect.top;

  // How an ancestor's box bounds what is inside: "cut" hides it, "scroll" lets one scroll to it.
  const bound = (overflow) =>
    ({ hidden: "cut", clip: "cut", auto: "scroll", scroll: "scroll" })[overflow];

  // Whether a box that scrolls is all that there is to see, as in an application: then the
  // document itself does not scroll.
  const fills = (box) =>
    document.documentElement.scrollHeight <= innerHeight
    && box.clientHeight > 0.8 * innerHeight && box.clientWidth > 0.8 * innerWidth
    && bound(getComputedStyle(box).overflowY) === "scroll";

  function* bounds(element) {
    const position = getComputedStyle(element).position;
    if (position === "fixed") return;
    for (let at = element; at && at !== document.documentElement; at = parent(at)) {
      if (at === document.body || fills(at)) return; // its overflow is the page's
      const style = getComputedStyle(at);
      const isBox = !["inline", "contents"].includes(style.display) || at.tagName === "svg";
      if (!isBox) continue;
      yield { at, x: bound(style.overflowX), y: bound(style.overflowY) };
    }
  }

  // For screen readers only, and meant so.
  const isForReaders = (element) => {
    for (let at = element; at; at = parent(at)) {
      const style = getComputedStyle(at);
      const { width, height } = at.getBoundingClientRect();
      if (width <= 1 && height <= 1 && style.position === "absolute") return true;
      if (/^inset\((50|100)%\)$/.test(style.clipPath)) return true;
    }
    return false;
  };

  // Each line of each text, as its box, that of its glyphs, and what of it is to be seen.
  function* lines() {
    for (const element of elements()) {
      if (["SCRIPT", "STYLE", "NOSCRIPT", "TITLE", "OPTION"].includes(element.tagName)) continue;
      const texts = [...element.childNodes].filter(
        (node) => node.nodeType === Node.TEXT_NODE && node.data.trim(),
      );
      if (!texts.length || !seen(element) || isForReaders(element)) continue;
      const around = [...bounds(element)];
      for (const text of texts) {
        const range = document.createRange();
        range.selectNodeContents(text);
        for (const rect of range.getClientRects()) {
          const whole = box(rect);
          if (wide(whole) < 1 || high(whole) < 1) continue;
          yield { element, text, whole, around };
        }
      }
    }
  }

  const limits = ({ at, x, y }, kinds) => {
    const rect = box(at.getBoundingClientRect());
    return {
      left: kinds.includes(x) ? rect.left : -Infinity,
      right: kinds.includes(x) ? rect.right : Infinity,
      top: kinds.includes(y) ? rect.top : -Infinity,
      bottom: kinds.includes(y) ? rect.bottom : Infinity,
    };
  };

  // Ends in pixels of the page's width; elements that can be scrolled to in their box are fine.
  function overflow(width) {
    const page = document.documentElement;
    const told = [];
    if (page.clientWidth > width) told.push(`laid out at ${page.clientWidth} px, not ${width}`);
    if (page.scrollWidth > width) told.push(`the page is ${page.scrollWidth} px wide, not ${width}`);
    for (const element of elements(document.body)) {
      if (!seen(element) || isForReaders(element)) continue;
      let shown = box(element.getBoundingClientRect());
      if (wide(shown) < 1 || high(shown) < 1) continue;
      if (element.ownerSVGElement) continue; // a chart is one thing; its texts are looked at apart
      if (shown.left >= -1 && shown.right <= width + 1) continue;
      for (const around of bounds(element)) {
        if (around.at !== element) shown = common(shown, limits(around, ["cut", "scroll"]));
      }
      if (wide(shown) < 1 || (shown.left >= -1 && shown.right <= width + 1)) continue;
      const [left, right] = [Math.round(shown.left), Math.round(shown.right)];
      told.push(`${named(element)} reaches from ${left} to ${right} px of ${width}`);
    }
    return told;
  }

  // An area needs both extents, a line one.
  const isPainted = (shape) => {
    const style = getComputedStyle(shape);
    const { width, height } = shape.getBBox();
    const fills = style.fill !== "none" && style.fillOpacity !== "0";
    const strokes = style.stroke !== "none" && style.strokeOpacity !== "0"
      && style.strokeWidth !== "0px";
    return (fills && width > 0 && height > 0) || (strokes && (width > 0 || height > 0));
  };

  const SHAPES = "path, rect, circle, ellipse, line, polyline, polygon, image, use";

  // Of a Vega chart, its marks alone: axes, grid and background are there without data, too.
  function shapes(svg) {
    const vega = [...svg.querySelectorAll("g.role-mark")];
    const roots = vega.length || svg.querySelector("g.role-frame") ? vega : [svg];
    const all = new Set(roots.flatMap((root) => [...root.querySelectorAll(SHAPES)]));
    return [...all].filter((shape) => {
      if (shape.closest("defs, clipPath, mask, symbol, pattern, marker")) return false;
      return seen(shape) && isPainted(shape);
    }).length;
  }

  // Pixels that differ from the one in the corner.
  function ink(source, width, height) {
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [width, height];
    if (!width || !height) return 0;
    const context = canvas.getContext("2d");
    context.drawImage(source, 0, 0, width, height);
    const pixels = new Uint32Array(context.getImageData(0, 0, width, height).data.buffer);
    return pixels.filter((pixel) => pixel !== pixels[0]).length;
  }

  function marks(chart) {
    if (chart.tagName === "CANVAS") return ink(chart, chart.width, chart.height);
    if (chart.tagName === "IMG") return ink(chart, chart.naturalWidth, chart.naturalHeight);
    return shapes(chart);
  }

  // By its own words, or by those of what it is in.
  const labelled = (chart) => {
    const own = chart.getAttribute("aria-label") ?? chart.getAttribute("alt");
    const inside = chart.querySelector(":scope > title, :scope > desc")?.textContent;
    const around = chart.closest("[aria-label]")?.getAttribute("aria-label");
    const caption = chart.closest("figure")?.querySelector("figcaption")?.textContent;
    return words(own ?? inside ?? around ?? caption, 200);
  };

  function charts(list) {
    return list
      .filter((chart) => seen(chart) && !chart.parentElement?.closest("svg"))
      .map((chart) => {
        const rect = box(chart.getBoundingClientRect());
        return {
          label: labelled(chart), left: rect.left, top: rect.top,
          width: wide(rect), height: high(rect), marks: marks(chart),
        };
      });
  }

  // Texts of which a box hides a part; what one can scroll to is not hidden.
  function clipped() {
    const told = new Set();
    for (const { element, text, whole, around } of lines()) {
      let shown = whole;
      let scrolled = false;
      for (const each of around) {
        scrolled ||= each.x === "scroll" || each.y === "scroll";
        if (!scrolled) shown = common(shown, limits(each, ["cut"]));
      }
      const [x, y] = [wide(whole) - wide(shown), high(whole) - high(shown)];
      // a space that ends a line hangs out of its box
      if (x > high(whole) / 2 || y > high(whole) / 4) told.add(`${named(element)}: "${words(text.data)}" is cut`);
    }
    return [...told];
  }

  // Texts that lie on one another.
  function overlaps() {
    const shown = [];
    for (const line of lines()) {
      let rect = line.whole;
      for (const each of line.around) rect = common(rect, limits(each, ["cut", "scroll"]));
      const lead = high(rect) / 5; // glyphs are lower than their line
      rect = { ...rect, top: rect.top + lead, bottom: rect.bottom - lead };
      if (wide(rect) > 2 && high(rect) > 2) shown.push({ ...line, rect });
    }
    shown.sort((a, b) => a.rect.top - b.rect.top);
    const told = new Set();
    shown.forEach((one, at) => {
      for (let next = at + 1; next < shown.length; next += 1) {
        const other = shown[next];
        if (other.rect.top >= one.rect.bottom) break;
        if (other.text === one.text) continue;
        const both = common(one.rect, other.rect);
        if (wide(both) > 2 && high(both) > 2) {
          told.add(`"${words(one.text.data)}" and "${words(other.text.data)}" lie on one another`);
        }
      }
    });
    return [...told];
  }

  // Until nothing has changed for a moment: charts are drawn after the page is loaded.
  function settled(quiet, most) {
    return new Promise((resolve) => {
      const done = () => { observer.disconnect(); resolve(); };
      let timer = setTimeout(done, quiet);
      const observer = new MutationObserver(() => {
        clearTimeout(timer);
        timer = setTimeout(done, quiet);
      });
      observer.observe(document, { subtree: true, childList: true, attributes: true });
      setTimeout(done, most);
    });
  }

  return { overflow, charts, clipped, overlaps, settled };
})()
