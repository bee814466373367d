//! Whatever a view file says, it is understood or refused at a place that exists; never a panic.
#![no_main]

use std::path::Path;

use eyot::view_file::{ViewFileError, parse};

libfuzzer_sys::fuzz_target!(|text: &str| {
    match parse(Path::new("fuzzed.toml"), text) {
        // What was understood can be written down and understood again.
        Ok(view) => {
            let written = toml::to_string(&view).expect("a view is TOML");
            assert_eq!(parse(Path::new("written.toml"), &written).ok(), Some(view));
        }
        Err(ViewFileError::Bad { line, .. }) => {
            assert!(line >= 1 && line <= text.matches('\n').count() + 1);
        }
        Err(error) => panic!("parsing touches no file: {error}"),
    }
});
