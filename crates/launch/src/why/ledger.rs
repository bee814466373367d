use std::collections::HashMap;
use std::path::Path;

use super::finding::{Loudness, Remedy, Subject, Withheld};

/// How many findings are told apart. A program can ask for any number of different paths; what is beyond is counted.
const MOST: usize = 1000;

/// What a view has withheld in its life, the most frequent first.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    pub found: Vec<Counted>,
    /// Requests that were withheld after the number of different ones was exhausted.
    pub further: u64,
}

#[derive(Clone, Debug)]
pub struct Counted {
    pub withheld: Withheld,
    pub times: u64,
}

/// Whether somebody is to be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum News {
    First,
    Known,
}

#[derive(Debug, Default)]
pub(super) struct Ledger {
    /// By subject and by what is behind it.
    numbers: HashMap<(Subject, String), usize>,
    found: Vec<Counted>,
    further: u64,
}

impl Ledger {
    pub(super) fn enter(&mut self, withheld: &Withheld) -> News {
        let key = (withheld.subject.clone(), withheld.by.clone());
        if let Some(number) = self.numbers.get(&key) {
            self.found[*number].times += 1;
            return News::Known;
        }
        if self.found.len() == MOST {
            self.further += 1;
            return News::Known;
        }
        self.numbers.insert(key, self.found.len());
        self.found.push(Counted { withheld: withheld.clone(), times: 1 });
        match withheld.loudness {
            Loudness::AtOnce => News::First,
            Loudness::InSummary => News::Known,
        }
    }

    pub(super) fn close(&mut self) -> Summary {
        let Self { mut found, further, .. } = std::mem::take(self);
        found.sort_by(|a, b| {
            b.times.cmp(&a.times).then_with(|| a.withheld.subject.cmp(&b.withheld.subject))
        });
        Summary { found, further }
    }
}

impl Summary {
    /// The options that together open everything that can be opened, each once.
    pub fn remedy(&self) -> Remedy {
        let first = self.found.iter().filter_map(|found| found.withheld.remedies.first());
        let mut options: Vec<_> = first.flat_map(|remedy| remedy.0.iter().cloned()).collect();
        options.sort();
        options.dedup();
        let needless = |one: &(&str, String)| options.iter().any(|other| comes_with(one, other));
        Remedy(options.iter().filter(|one| !needless(one)).cloned().collect())
    }
}

/// Whether the bind `one` shows nothing that the bind `other` does not show as freely.
fn comes_with(one: &(&str, String), other: &(&str, String)) -> bool {
    let freely_enough = matches!((one.0, other.0), ("--ro", "--ro" | "--rw") | ("--rw", "--rw"));
    freely_enough && one != other && Path::new(&one.1).starts_with(&other.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hidden(path: &str) -> Withheld {
        Withheld {
            subject: Subject::Hidden(path.into()),
            by: String::new(),
            remedies: vec![Remedy::new("--ro", path)],
            loudness: Loudness::AtOnce,
        }
    }

    #[test]
    fn each_finding_is_news_once_and_the_frequent_stand_first() {
        let mut ledger = Ledger::default();
        let news: Vec<News> = ["/b", "/a", "/b"].map(|path| ledger.enter(&hidden(path))).into();
        assert_eq!(news, [News::First, News::First, News::Known]);
        let summary = ledger.close();
        let counts: Vec<_> = summary
            .found
            .iter()
            .map(|found| (found.withheld.subject.clone(), found.times))
            .collect();
        assert_eq!(counts, [(Subject::Hidden("/b".into()), 2), (Subject::Hidden("/a".into()), 1)]);
    }

    #[test]
    fn the_options_for_everything_are_no_more_than_needed() {
        let mut ledger = Ledger::default();
        for (path, remedy) in [
            ("/usr/x", Remedy::new("--rw", "/usr").and("--allow", "root-owned")),
            ("/usr/bin/x", Remedy::new("--rw", "/usr/bin").and("--allow", "root-owned")),
            ("/usr", Remedy::new("--ro", "/usr")),
            ("/usrlocal", Remedy::new("--ro", "/usrlocal")),
        ] {
            ledger.enter(&Withheld { remedies: vec![remedy], ..hidden(path) });
        }
        let remedy = ledger.close().remedy().to_string();
        assert_eq!(remedy, "--allow root-owned --ro /usrlocal --rw /usr");
    }

    #[test]
    fn a_flood_of_different_paths_is_counted_and_not_kept() {
        let mut ledger = Ledger::default();
        for number in 0..MOST as u64 + 50 {
            ledger.enter(&hidden(&format!("/{number}")));
        }
        assert_eq!(ledger.enter(&hidden("/0")), News::Known);
        let summary = ledger.close();
        assert_eq!((summary.found.len(), summary.further), (MOST, 50));
        assert_eq!(summary.found[0].times, 2);
    }

    #[test]
    fn what_programs_are_written_for_waits_for_the_summary() {
        let quiet = Withheld { loudness: Loudness::InSummary, ..hidden("/a") };
        assert_eq!(Ledger::default().enter(&quiet), News::Known);
    }
}
