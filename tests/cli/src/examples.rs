use std::fs;
use std::process::ExitCode;

use super::say;

#[test]
fn every_example_is_a_good_view_file() {
    let mut count = 0;
    for file in fs::read_dir("../../examples/views").expect("there are examples") {
        let file = file.expect("readable").path();
        let said = say(["check".as_ref(), "--syntax-only".as_ref(), file.as_os_str()]);
        assert_eq!(said.code, ExitCode::SUCCESS, "{}", said.err);
        count += 1;
    }
    assert!(count >= 4, "only {count} examples");
}
