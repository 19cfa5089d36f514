//! The result alone, as `--quiet` prints it: a record a line, a tab between fields, the value last.

/// Puts records on lines. A tab or line end within a field would make two of one, so they become spaces.
pub(super) fn records<R: IntoIterator<Item = String>>(records: impl IntoIterator<Item = R>) -> String {
    let line = |record: R| {
        let fields = record.into_iter().map(|field| field.replace(['\t', '\n', '\r'], " "));
        fields.collect::<Vec<_>>().join("\t")
    };
    records.into_iter().fold(String::new(), |text, record| text + &line(record) + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_a_line_whatever_its_fields_hold() {
        let record = ["a\tb\nc".to_owned(), "1".to_owned()];
        assert_eq!(records([record.clone(), record]), "a b c\t1\na b c\t1\n");
    }
}
