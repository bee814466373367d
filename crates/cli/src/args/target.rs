use std::fmt;
use std::str::FromStr;

use eyot_plan::BadValue;

use super::value::view_name;

/// What `enter` and `stop` act on: `view:NAME` (or just the name) or `pid:N`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    View(String),
    Pid(u32),
}

impl FromStr for Target {
    type Err = BadValue;

    fn from_str(text: &str) -> Result<Self, BadValue> {
        let bad = || BadValue { value: text.to_owned(), wanted: "view:NAME or pid:N" };
        match text.split_once(':') {
            None => view_name(text).map(Target::View).map_err(|_| bad()),
            Some(("view", name)) => view_name(name).map(Target::View).map_err(|_| bad()),
            Some(("pid", number)) => {
                number.parse().ok().filter(|pid| *pid > 0).map(Target::Pid).ok_or_else(bad)
            }
            Some(_) => Err(bad()),
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Target::View(name) => write!(f, "view:{name}"),
            Target::Pid(pid) => write!(f, "pid:{pid}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_name_is_a_view() {
        assert_eq!("web".parse(), Ok(Target::View("web".into())));
        assert_eq!("view:web".parse(), Ok(Target::View("web".into())));
        assert_eq!("pid:7".parse(), Ok(Target::Pid(7)));
        for bad in ["", "pid:", "pid:0", "pid:-1", "pid:x", "view:", "view:../x", "unit:ssh"] {
            assert!(bad.parse::<Target>().is_err(), "{bad:?}");
        }
    }
}
