//! What terms mean that a report uses, in a sentence each.

/// What the *t* behind a version means, when one of these names ends with one (`3.13t`, `model 3.14t`).
#[must_use]
pub(super) fn free_threaded<'a>(names: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let has_t = |name: &str| {
        name.strip_suffix('t').is_some_and(|rest| rest.ends_with(|last: char| last.is_ascii_digit()))
    };
    names
        .into_iter()
        .any(has_t)
        .then(|| "t behind a version: the free-threaded build of CPython, which has no GIL.".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_t_is_explained_where_a_name_has_one() {
        assert!(free_threaded(["gil:3.9", "gil:3.13t"]).is_some_and(|note| note.contains("no GIL")));
        assert!(free_threaded(["python 3.14.0t"]).is_some());
        assert_eq!(free_threaded(["split", "mutex:fast", "gil:3.14", "t"]), None);
    }
}
