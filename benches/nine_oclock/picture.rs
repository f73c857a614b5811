//! The picture: rate and p99 by concurrency, for grants and for refusals, as SVG.
//!
//! Written by hand: four panels are less than a library for them would be, and this one is readable by day and by night.

use std::fmt::Write as _;

use crate::contest::CONCURRENCIES;
use crate::figures::Figures;
use crate::report::Report;

/// Who takes part, what its line is called in the style, and in words.
const CONTENDERS: [(&str, &str); 4] = [
    ("frontdesk", "Frontdesk"),
    ("pgbench", "pgbench, one function for an ask"),
    ("constant", "a handler that returns a constant"),
    ("naive", "a transaction, a query for each step"),
];

/// What is drawn of the figures.
type Column = (&'static str, fn(&Figures) -> f64);

const COLUMNS: [Column; 2] =
    [("answers per second", |figures| figures.rps), ("p99 in milliseconds", |figures| figures.p99_ms)];

const WIDTH: f64 = 400.0;
const HEIGHT: f64 = 210.0;

const STYLE: &str = "\
    .sheet { fill: #ffffff; stroke: #d0d7de; }
    text { font: 13px system-ui, 'Segoe UI', 'DejaVu Sans', sans-serif; fill: #57606a; }
    .title { font-size: 17px; font-weight: 600; fill: #1f2328; }
    .column { font-weight: 600; fill: #1f2328; }
    .left { text-anchor: end; }
    .middle { text-anchor: middle; }
    .grid { stroke: #d8dee4; stroke-width: 1; }
    polyline { fill: none; stroke-width: 2; }
    .frontdesk { stroke: #0969da; fill: #0969da; }
    polyline.frontdesk { stroke-width: 3.5; }
    .pgbench { stroke: #1a7f37; fill: #1a7f37; }
    .constant { stroke: #8250df; fill: #8250df; }
    .naive { stroke: #bc4c00; fill: #bc4c00; }
    polyline.pgbench { stroke-dasharray: 9 4; fill: none; }
    polyline.constant { stroke-dasharray: 2 4; fill: none; }
    polyline.naive { stroke-dasharray: 12 4 2 4; fill: none; }
    polyline.frontdesk { fill: none; }
    @media (prefers-color-scheme: dark) {
      .sheet { fill: #0d1117; stroke: #30363d; }
      text { fill: #9aa4af; }
      .title, .column { fill: #f0f6fc; }
      .grid { stroke: #30363d; }
      .frontdesk { stroke: #58a6ff; fill: #58a6ff; }
      .pgbench { stroke: #56d364; fill: #56d364; }
      .constant { stroke: #bc8cff; fill: #bc8cff; }
      .naive { stroke: #f0883e; fill: #f0883e; }
      polyline.frontdesk, polyline.pgbench, polyline.constant, polyline.naive { fill: none; }
    }";

/// The picture; `None` where grants or refusals were not measured.
pub fn draw(report: &Report) -> Option<String> {
    let mut svg = String::new();
    for (row, (part, title)) in (0_u8..).zip([("grants", "Grants"), ("refusals", "Refusals")]) {
        let top = 100.0 + f64::from(row) * (HEIGHT + 100.0);
        _ = writeln!(svg, r#"  <text class="title" x="30" y="{}">{title}</text>"#, top - 34.0);
        for (column, (name, figure)) in (0_u8..).zip(COLUMNS) {
            let left = 75.0 + f64::from(column) * (WIDTH + 75.0);
            let lines = lines(report, part, figure);
            svg.push_str(&Panel::around(left, top, &lines)?.draw(name, &lines));
        }
    }
    Some(frame(&svg, report))
}

/// A contender's points: concurrency and figure.
type Line = (&'static str, Vec<(usize, f64)>);

fn lines(report: &Report, part: &str, figure: fn(&Figures) -> f64) -> Vec<Line> {
    let points = |contender: &str| {
        let name = format!("{part}/{contender}");
        let all = report.measured.iter().filter(|((measured, _), _)| *measured == name);
        all.map(|((_, concurrency), all)| (*concurrency, figure(&Figures::median(all)))).collect::<Vec<_>>()
    };
    let lines = CONTENDERS.map(|(contender, _)| (contender, points(contender)));
    lines.into_iter().filter(|(_, points)| !points.is_empty()).collect()
}

/// One of the four, with logarithmic axes.
struct Panel {
    left: f64,
    top: f64,
    lowest: f64,
    highest: f64,
}

impl Panel {
    /// Holds all points; `None` where there are none.
    fn around(left: f64, top: f64, lines: &[Line]) -> Option<Self> {
        let values = || lines.iter().flat_map(|(_, points)| points).map(|(_, value)| *value);
        let (lowest, highest) = (values().min_by(f64::total_cmp)?, values().max_by(f64::total_cmp)?);
        Some(Self { left, top, lowest: lowest / 1.3, highest: highest * 1.3 })
    }

    fn x(&self, concurrency: f64) -> f64 {
        self.left + WIDTH * concurrency.log2() / 8.0
    }

    fn y(&self, value: f64) -> f64 {
        self.top + HEIGHT * (self.highest / value).ln() / (self.highest / self.lowest).ln()
    }

    fn draw(&self, name: &str, lines: &[Line]) -> String {
        let mut svg = String::new();
        let Self { left, top, .. } = *self;
        let bottom = top + HEIGHT;
        _ = writeln!(svg, r#"  <text class="column" x="{left}" y="{}">{name}</text>"#, top - 10.0);
        for value in steps(self.lowest, self.highest) {
            let (y, right) = (self.y(value), left + WIDTH);
            _ = writeln!(svg, r#"  <line class="grid" x1="{left}" y1="{y:.1}" x2="{right}" y2="{y:.1}"/>"#);
            let (x, y) = (left - 8.0, y + 4.0);
            _ = writeln!(svg, r#"  <text class="left" x="{x}" y="{y:.1}">{}</text>"#, label(value));
        }
        for concurrency in CONCURRENCIES {
            let x = self.x(f64::from(u32::try_from(concurrency).unwrap_or(1)));
            _ = writeln!(svg, r#"  <line class="grid" x1="{x}" y1="{top}" x2="{x}" y2="{bottom}"/>"#);
            let y = bottom + 18.0;
            _ = writeln!(svg, r#"  <text class="middle" x="{x}" y="{y}">{concurrency}</text>"#);
        }
        for (contender, points) in lines {
            let place = |(concurrency, value): &(usize, f64)| {
                (self.x(f64::from(u32::try_from(*concurrency).unwrap_or(1))), self.y(*value))
            };
            let places: Vec<_> = points.iter().map(place).collect();
            let path: Vec<_> = places.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
            _ = writeln!(svg, r#"  <polyline class="{contender}" points="{}"/>"#, path.join(" "));
            for (x, y) in places {
                _ = writeln!(svg, r#"  <circle class="{contender}" cx="{x:.1}" cy="{y:.1}" r="3"/>"#);
            }
        }
        svg
    }
}

/// The round values in between: 1, 2 and 5 of each power of ten, or the powers alone where they are many.
fn steps(lowest: f64, highest: f64) -> Vec<f64> {
    let within = |value: &f64| (lowest..=highest).contains(value);
    let powers = || (-3..7).map(|power| 10_f64.powi(power));
    let all: Vec<_> = powers().flat_map(|power| [power, 2.0 * power, 5.0 * power]).filter(within).collect();
    if all.len() <= 8 { all } else { powers().filter(within).collect() }
}

fn label(value: f64) -> String {
    if value >= 1000.0 {
        format!("{}k", value / 1000.0)
    } else {
        format!("{}", (value * 1000.0).round() / 1000.0)
    }
}

/// The sheet around the panels, with what its lines mean, and where and when it was measured.
fn frame(panels: &str, report: &Report) -> String {
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 1000 740\" width=\"1000\" height=\"740\" role=\"img\" \
         aria-labelledby=\"title desc\">\n  <title id=\"title\">Nine o'clock</title>\n  <desc id=\"desc\">Answers per second, and p99 in \
         milliseconds, by how many ask at once, for grants and refusals, by Frontdesk, pgbench, a handler that returns a constant, and a \
         transaction with a query for each step. The numbers are in the table beside it.</desc>\n  <style>\n    {STYLE}\n  </style>\n  \
         <rect class=\"sheet\" x=\"0.5\" y=\"0.5\" width=\"999\" height=\"739\" rx=\"8\"/>\n"
    );
    let places = [30.0, 145.0, 408.0, 676.0];
    for ((contender, words), x) in CONTENDERS.iter().zip(places) {
        let end = x + 34.0;
        _ = writeln!(svg, r#"  <polyline class="{contender}" points="{x},28 {end},28"/>"#);
        _ = writeln!(svg, r#"  <text x="{}" y="32">{words}</text>"#, end + 8.0);
    }
    svg.push_str(panels);
    _ = writeln!(
        svg,
        r#"  <text x="30" y="700">Across: how many ask at once. All axes are logarithmic.</text>"#
    );
    let told =
        format!("{}, {}", report.date, report.machine.told()).replace('&', "&amp;").replace('<', "&lt;");
    _ = writeln!(svg, r#"  <text x="30" y="722">{told}</text>"#);
    svg.push_str("</svg>\n");
    svg
}
