use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use super::ViewFileError;

/// The view file that `name` means: a path with a slash is taken as it is, a bare name is
/// searched as `NAME` and `NAME.toml` in each of `places`.
pub fn find(name: &OsStr, places: &[PathBuf]) -> Result<PathBuf, ViewFileError> {
    if name.as_bytes().contains(&b'/') {
        return Ok(PathBuf::from(name));
    }
    let mut with_ending = OsString::from(name);
    with_ending.push(".toml");
    let candidates = places.iter().flat_map(|place| [place.join(name), place.join(&with_ending)]);
    // Only a file answers: a directory `web` must not hide `web.toml` beside it.
    let found = candidates.into_iter().find(|path| !name.is_empty() && path.is_file());
    found.ok_or_else(|| ViewFileError::NotFound {
        name: name.to_string_lossy().into_owned(),
        searched: places.to_vec(),
    })
}

/// Where bare names are searched: the current directory, the user's views, the machine's.
pub(crate) fn places(variable: impl Fn(&str) -> Option<OsString>) -> Vec<PathBuf> {
    // A relative XDG path is to be ignored (XDG Base Directory Specification).
    let absolute = |name: &str| variable(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let config = absolute("XDG_CONFIG_HOME").or_else(|| Some(absolute("HOME")?.join(".config")));
    let users = config.map(|config| config.join("eyot/views"));
    let machines = Path::new("/etc/eyot/views").to_owned();
    [Some(PathBuf::from(".")), users, Some(machines)].into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn searched(variables: &[(&str, &str)]) -> Vec<String> {
        let value = |name: &str| {
            let row = variables.iter().find(|(key, _)| *key == name);
            row.map(|(_, value)| OsString::from(value))
        };
        places(value).iter().map(|path| path.display().to_string()).collect()
    }

    #[test]
    fn the_users_views_are_searched_before_the_machines() {
        let machines = "/etc/eyot/views";
        assert_eq!(searched(&[]), [".", machines]);
        assert_eq!(searched(&[("HOME", "/h")]), [".", "/h/.config/eyot/views", machines]);
        let both = [("HOME", "/h"), ("XDG_CONFIG_HOME", "/c")];
        assert_eq!(searched(&both), [".", "/c/eyot/views", machines]);
        let relative = [("HOME", "/h"), ("XDG_CONFIG_HOME", "c")];
        assert_eq!(searched(&relative), [".", "/h/.config/eyot/views", machines]);
    }

    #[test]
    fn a_path_with_a_slash_is_not_searched() {
        let path = find(OsStr::new("./no-such"), &[]).unwrap();
        assert_eq!(path, Path::new("./no-such"));
        assert!(find(OsStr::new("no-such"), &["/".into()]).is_err());
        assert!(find(OsStr::new(""), &["/".into()]).is_err());
    }

    #[test]
    fn a_directory_does_not_hide_the_file_beside_it() {
        let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
        let found = find(OsStr::new("Cargo"), std::slice::from_ref(&here)).unwrap();
        assert_eq!(found, here.join("Cargo.toml"));
        assert!(find(OsStr::new("src"), &[here]).is_err());
    }
}
