// Shows nothing: has the browser read what charts need while Python still computes them.

export default function ({ data }) {
  plotly(data).catch(() => {}); // the chart asks again, and says so
}
