//! What was measured, as a section of docs/performance.md and a picture beside it.

use super::contestant::Name;
use super::measure::Answer;
use super::plot::{self, Line};
use super::statistics::Spread;
use crate::command::{Result, read, write_file};
use crate::workspace;
use std::fmt::Write;
use std::process::Command;

#[derive(Debug)]
pub(super) struct Results {
    /// One for each number of mounts, in rising order.
    pub(super) starts: Vec<Answer>,
    pub(super) work: Answer,
    pub(super) parallel: Answer,
    pub(super) memory: Answer,
    pub(super) at_once: usize,
}

const BEGIN: &str = "<!-- bench start: begin (written by `cargo xtask bench start`) -->";
const END: &str = "<!-- bench start: end -->";

/// Puts the section between its marks, or at the end of a document that has none yet, and the picture beside it.
pub(super) fn write(results: &Results) -> Result {
    let docs = workspace::root().join("docs");
    let document = docs.join("performance.md");
    let before =
        std::fs::read_to_string(&document).unwrap_or_else(|_| "# Performance\n".to_owned());
    write_file(&document, with_section(&before, &section(results)?))?;
    write_file(&docs.join("performance-start.svg"), picture(results))?;
    println!("written: docs/performance.md, docs/performance-start.svg");
    Ok(())
}

/// Shows the section and leaves docs/ alone: a table without one of the contestants is no table for the documents.
pub(super) fn show(results: &Results) -> Result {
    let picture_file = workspace::target().join("performance-start.svg");
    write_file(&picture_file, picture(results))?;
    println!("{}picture: {}", section(results)?, picture_file.display());
    Ok(())
}

fn picture(results: &Results) -> String {
    plot::svg("start to exit of a program that does nothing, median in ms", &lines(results))
}

fn with_section(document: &str, section: &str) -> String {
    let marked = format!("{BEGIN}\n{section}{END}\n");
    match (document.find(BEGIN), document.find(END)) {
        (Some(begin), Some(end)) => {
            let after = document[end + END.len()..].trim_start_matches('\n');
            let space = if after.is_empty() { "" } else { "\n" };
            format!("{}{marked}{space}{after}", &document[..begin])
        }
        _ => format!("{}\n\n{marked}", document.trim_end()),
    }
}

fn section(results: &Results) -> Result<String> {
    let mut text = String::from("## Start-up\n\n");
    text += &machine()?;
    text += "\n![start-up times](performance-start.svg)\n\n";
    text += &table_of_starts(results);
    text += "\n";
    text += &table_of_costs(results);
    Ok(text)
}

fn machine() -> Result<String> {
    let line = |program: &str, words: &[&str]| -> Result<String> {
        Ok(read(Command::new(program).args(words).current_dir(workspace::root()))?
            .trim()
            .to_owned())
    };
    let processors = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = processors
        .lines()
        .find_map(|line| line.strip_prefix("model name"))
        .unwrap_or(": unknown processor");
    let versions = [line("bwrap", &["--version"])?, line("unshare", &["--version"])?].join(", ");
    Ok(format!(
        "{}, commit {}; Linux {}, {} cores, {}; {versions}.\n\
         Every contestant starts the same static program; starts are made in turn, so that noise hits all alike.\n\
         The C program is benches/start/baseline.c. Machines differ: compare ratios, not milliseconds.\n",
        line("date", &["-u", "+%F"])?,
        line("git", &["describe", "--always", "--dirty"])?,
        line("uname", &["-r"])?,
        std::thread::available_parallelism()?,
        model.trim_start_matches(['\t', ':', ' ']).trim(),
    ))
}

fn table_of_starts(results: &Results) -> String {
    let mut text = String::from(
        "| contestant | host mounts | p10 ms | median ms | p90 ms | of the C program's | of its own at the fewest |\n\
         | --- | ---: | ---: | ---: | ---: | ---: | ---: |\n",
    );
    for name in Name::ALL {
        let own = results.starts.first().and_then(|answer| spread(answer, name));
        for answer in &results.starts {
            let Some(Spread { p10, median, p90 }) = spread(answer, name) else { continue };
            let of_baseline = ratio(median, spread(answer, Name::Baseline));
            let (shown, mounts, flatness) = (name.shown(), answer.mounts, ratio(median, own));
            let _ = writeln!(
                text,
                "| {shown} | {mounts} | {p10:.2} | {median:.2} | {p90:.2} | {of_baseline} | {flatness} |"
            );
        }
    }
    text
}

fn table_of_costs(results: &Results) -> String {
    let mut text = format!(
        "| contestant | processes a start | context switches a start | starts a second, {} at once on two cores | \
         private memory of a view's init, KiB | of all its processes but the command, KiB |\n\
         | --- | ---: | ---: | ---: | ---: | ---: |\n",
        results.at_once
    );
    for name in Name::ALL {
        let value = |answer: &Answer, at: usize| {
            answer.samples.get(&name).and_then(|values| values.get(at)).copied()
        };
        let cell = |value: Option<f64>, digits: usize| {
            value.map_or("–".to_owned(), |value| format!("{value:.digits$}"))
        };
        if !results.work.samples.contains_key(&name) {
            continue;
        }
        let cells = [
            cell(value(&results.work, 0), 1),
            cell(value(&results.work, 1), 1),
            cell(value(&results.parallel, 0), 0),
            cell(value(&results.memory, 1), 0),
            cell(value(&results.memory, 0), 0),
        ];
        let _ = writeln!(text, "| {} | {} |", name.shown(), cells.join(" | "));
    }
    text
}

fn lines(results: &Results) -> Vec<Line> {
    let line = |name: Name| {
        let point = |answer: &Answer| Some((answer.mounts as f64, spread(answer, name)?.median));
        Line { name: name.shown(), points: results.starts.iter().filter_map(point).collect() }
    };
    Name::ALL.into_iter().map(line).filter(|line| !line.points.is_empty()).collect()
}

fn spread(answer: &Answer, name: Name) -> Option<Spread> {
    Spread::of(answer.samples.get(&name)?)
}

fn ratio(median: f64, of: Option<Spread>) -> String {
    of.map_or("–".to_owned(), |of| format!("{:.2}×", median / of.median))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_section_replaces_the_one_before_and_leaves_the_rest() {
        let first = with_section("# Performance\n\nWhy.\n", "one\n");
        assert_eq!(first, format!("# Performance\n\nWhy.\n\n{BEGIN}\none\n{END}\n"));
        let again = with_section(&format!("{first}\n## Swaps\n"), "two\n");
        assert_eq!(again, format!("# Performance\n\nWhy.\n\n{BEGIN}\ntwo\n{END}\n\n## Swaps\n"));
    }

    #[test]
    fn a_ratio_is_of_medians_and_absent_without_its_other_side() {
        assert_eq!(ratio(3.0, Spread::of(&[2.0])), "1.50×");
        assert_eq!(ratio(3.0, None), "–");
    }
}
