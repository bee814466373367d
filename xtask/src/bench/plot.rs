//! A small picture of start-up times: both axes logarithmic, one line a contestant, legible on light and dark pages.

use std::fmt::Write;

#[derive(Debug)]
pub(super) struct Line {
    pub(super) name: &'static str,
    /// Mounts and milliseconds, in rising order of mounts.
    pub(super) points: Vec<(f64, f64)>,
}

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 400.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = 110.0;
const TOP: f64 = 40.0;
const BOTTOM: f64 = 52.0;

/// Told apart by colour-blind readers as well, and dark or light enough for either page (after Okabe and Ito).
const COLOURS: [&str; 6] = ["#888888", "#2f86c9", "#d55e00", "#009e73", "#cc79a7", "#b8860b"];

/// An SVG; its text takes the colour of the page it is shown on.
pub(super) fn svg(title: &str, lines: &[Line]) -> String {
    let points = || lines.iter().flat_map(|line| line.points.iter());
    let x = Axis::over(points().map(|point| point.0), LEFT, WIDTH - RIGHT);
    let y = Axis::rounded(points().map(|point| point.1), HEIGHT - BOTTOM, TOP);
    let mut svg = head(title);
    for value in y.round_values() {
        let at = y.place(value);
        let _ = writeln!(svg, "<path class=\"grid\" d=\"M{LEFT} {at:.1}H{:.1}\"/>", WIDTH - RIGHT);
        let _ = writeln!(
            svg,
            "<text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{value}</text>",
            LEFT - 8.0,
            at + 4.0
        );
    }
    for (mounts, _) in
        lines.iter().max_by_key(|line| line.points.len()).into_iter().flat_map(|line| &line.points)
    {
        let (at, below) = (x.place(*mounts), HEIGHT - BOTTOM + 20.0);
        let _ = writeln!(
            svg,
            "<text x=\"{at:.1}\" y=\"{below}\" text-anchor=\"middle\">{mounts}</text>"
        );
    }
    for ((line, colour), label) in lines.iter().zip(COLOURS.iter().cycle()).zip(labels(lines, &y)) {
        draw(&mut svg, line, colour, &x, &y, label);
    }
    svg.push_str("</svg>\n");
    svg
}

fn head(title: &str) -> String {
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\">\n\
         <title>{title}</title>\n\
         <style>\n\
         text {{ font: 13px sans-serif; fill: #333; }}\n\
         .grid {{ stroke: #999; stroke-opacity: .35; }}\n\
         .line {{ fill: none; stroke-width: 2; }}\n\
         @media (prefers-color-scheme: dark) {{ text {{ fill: #ccc; }} }}\n\
         </style>\n\
         <text x=\"{LEFT}\" y=\"22\">{title}</text>\n\
         <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">mounts of the host</text>\n",
        (LEFT + WIDTH - RIGHT) / 2.0,
        HEIGHT - 10.0,
    )
}

fn draw(svg: &mut String, line: &Line, colour: &str, x: &Axis, y: &Axis, label: f64) {
    let places: Vec<_> =
        line.points.iter().map(|&(mounts, time)| (x.place(mounts), y.place(time))).collect();
    let path: Vec<_> = places.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
    let _ = writeln!(
        svg,
        "<polyline class=\"line\" stroke=\"{colour}\" points=\"{}\"/>",
        path.join(" ")
    );
    for (x, y) in &places {
        let _ = writeln!(svg, "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\" fill=\"{colour}\"/>");
    }
    let (name, at) = (line.name, WIDTH - RIGHT + 10.0);
    let _ = writeln!(
        svg,
        "<text x=\"{at}\" y=\"{:.1}\" style=\"fill:{colour}\">{name}</text>",
        label + 4.0
    );
}

const LINE_HEIGHT: f64 = 16.0;

/// How high each line's name stands: at the line's end, pushed down where another name stands already.
fn labels(lines: &[Line], y: &Axis) -> Vec<f64> {
    let ends = lines.iter().map(|line| line.points.last().map_or(HEIGHT, |point| y.place(point.1)));
    let mut order: Vec<_> = ends.enumerate().collect();
    order.sort_by(|one, other| one.1.total_cmp(&other.1));
    let mut labels = vec![0.0; lines.len()];
    let mut free = TOP;
    for (line, end) in order {
        labels[line] = end.max(free);
        free = labels[line] + LINE_HEIGHT;
    }
    labels
}

/// A logarithmic axis between two places of the picture.
#[derive(Debug)]
struct Axis {
    from: f64,
    to: f64,
    start: f64,
    end: f64,
}

impl Axis {
    fn over(values: impl Iterator<Item = f64>, start: f64, end: f64) -> Axis {
        let (from, to) = values
            .fold((f64::INFINITY, 1.0_f64), |(low, high), value| (low.min(value), high.max(value)));
        Axis { from, to: to.max(from * 1.01), start, end }
    }

    /// Widened to the round values around.
    fn rounded(values: impl Iterator<Item = f64>, start: f64, end: f64) -> Axis {
        let exact = Axis::over(values, start, end);
        let below = round_values().filter(|value| *value <= exact.from).last();
        let above = round_values().find(|value| *value >= exact.to);
        Axis { from: below.unwrap_or(exact.from), to: above.unwrap_or(exact.to), ..exact }
    }

    fn place(&self, value: f64) -> f64 {
        let part = (value / self.from).ln() / (self.to / self.from).ln();
        self.start + part * (self.end - self.start)
    }

    fn round_values(&self) -> impl Iterator<Item = f64> {
        round_values().filter(|value| (self.from..=self.to).contains(value))
    }
}

/// 1, 2 and 5 of each decade from a microsecond to a quarter of an hour, in milliseconds.
fn round_values() -> impl Iterator<Item = f64> {
    let steps = |exponent: i32| [1, 2, 5].map(|step| format!("{step}e{exponent}"));
    // Read from text, as 0.2 is not 2 * 0.1 in binary.
    (-3..=6).flat_map(steps).filter_map(|text| text.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_logarithmic_axis_puts_the_geometric_mean_in_the_middle() {
        let axis = Axis::rounded([2.0, 70.0].into_iter(), 100.0, 0.0);
        assert_eq!(axis.round_values().collect::<Vec<_>>(), [2.0, 5.0, 10.0, 20.0, 50.0, 100.0]);
        assert!((axis.place(200_f64.sqrt()) - 50.0).abs() < 1e-9);
    }

    #[test]
    fn names_of_lines_that_end_together_do_not_cover_each_other() {
        let line = |name, end| Line { name, points: vec![(30.0, 1.0), (300.0, end)] };
        let lines = [line("a", 10.0), line("b", 10.1), line("c", 1.0)];
        let axis = Axis::rounded([1.0, 10.1].into_iter(), 300.0, 40.0);
        let mut labels = labels(&lines, &axis);
        labels.sort_by(f64::total_cmp);
        assert!(labels.windows(2).all(|pair| pair[1] - pair[0] >= LINE_HEIGHT), "{labels:?}");
    }
}
