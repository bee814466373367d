//! The property of the fuzz target on a fixed set of damaged files, for those who have no fuzzer.

use std::fs;
use std::path::Path;

use eyot::view_file::{ViewFileError, parse};

/// Numbers that look random and are the same every time (Knuth's MMIX constants).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 33) as usize % limit.max(1)
    }
}

fn damaged(text: &str, other: &str, numbers: &mut Numbers) -> String {
    let mut bytes = text.as_bytes().to_vec();
    for _ in 0..=numbers.below(4) {
        let at = numbers.below(bytes.len());
        let to = (at + numbers.below(20)).min(bytes.len());
        match numbers.below(4) {
            0 => drop(bytes.drain(at..to)),
            1 => bytes.insert(at, b"[]{}\"'=.,\\:#\n-0\0\xc3"[numbers.below(17)]),
            2 => bytes.extend_from_within(at..to),
            _ => {
                let from = numbers.below(other.len());
                let until = (from + numbers.below(40)).min(other.len());
                bytes.splice(at..to, other.as_bytes()[from..until].iter().copied());
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[test]
fn a_damaged_file_is_understood_or_refused_at_a_place_that_exists() {
    let mut seeds: Vec<String> = ["bad", "../../examples/views"]
        .iter()
        .flat_map(|directory| fs::read_dir(directory).expect("beside the tests"))
        .filter_map(|file| fs::read_to_string(file.expect("readable").path()).ok())
        .collect();
    seeds.sort();
    let mut numbers = Numbers(1);
    let (mut understood, mut refused) = (0, 0);
    for round in 0..4000 {
        let other = &seeds[numbers.below(seeds.len())];
        let text = damaged(&seeds[round % seeds.len()], other, &mut numbers);
        match parse(Path::new("damaged.toml"), &text) {
            Ok(view) => {
                understood += 1;
                let written = toml::to_string(&view).expect("a view is TOML");
                let again = parse(Path::new("written.toml"), &written);
                assert_eq!(again.ok().as_ref(), Some(&view), "{text:?}\n{written}");
            }
            Err(ViewFileError::Bad { line, column, .. }) => {
                refused += 1;
                let lines: Vec<&str> = text.split('\n').collect();
                let found =
                    lines.get(line - 1).unwrap_or_else(|| panic!("line {line} of {text:?}"));
                assert!(column <= found.chars().count() + 1, "{line}:{column} of {text:?}");
            }
            Err(error) => panic!("parsing touches no file: {error}"),
        }
    }
    assert!(understood > 100 && refused > 1000, "{understood} understood, {refused} refused");
}
