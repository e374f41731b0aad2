// Plotly, fetched once a page: ahead of the charts if the page asks, else with the first of them.

function plotly(url) {
  window.steepPlotly ??= new Promise((done, failed) => {
    const script = document.createElement("script");
    script.src = url;
    script.onload = () => done(window.Plotly);
    script.onerror = () => { delete window.steepPlotly; failed(new Error(`no chart library at ${url}`)); };
    document.head.append(script);
  });
  return window.steepPlotly;
}
