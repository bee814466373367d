/// The known name that `given` most likely meant, if one is near enough to be worth saying.
pub(crate) fn nearest<'a>(
    given: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let distance = |name: &str| strsim::damerau_levenshtein(given, name);
    let near = known.into_iter().map(|name| (distance(name), name)).min()?;
    // Further than a third of its letters it is another word, not a typing mistake.
    (near.0 <= (near.1.len() / 3).max(1)).then_some(near.1)
}

/// What to say of a name that is not among `known`.
pub(crate) fn unknown(kind: &str, given: &str, known: &[&str]) -> String {
    let given_shown = given.escape_debug();
    match nearest(given, known.iter().copied()) {
        Some(near) => format!("'{given_shown}' is no {kind}; '{near}' is"),
        None => format!("'{given_shown}' is no {kind}; known are {}", known.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typing_mistake_is_told_from_another_word() {
        let known = ["run", "build", "service"];
        assert_eq!(unknown("profile", "biuld", &known), "'biuld' is no profile; 'build' is");
        assert_eq!(
            unknown("profile", "desktop", &known),
            "'desktop' is no profile; known are run, build, service"
        );
    }
}
