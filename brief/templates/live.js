// Puts a live chart in the place of each still; where that fails, the still stays.
for (const chart of document.querySelectorAll(".chart")) {
  const live = document.createElement("div");
  live.className = "live";
  chart.append(live);
  const spec = JSON.parse(chart.querySelector("script").textContent);
  if (chart.clientWidth < 500) spec.config.legend.columns = 2;
  vegaEmbed(live, spec, { renderer: "svg", actions: false }).then(
    () => chart.querySelectorAll(".still").forEach((still) => still.remove()),
    () => live.remove(),
  );
}
