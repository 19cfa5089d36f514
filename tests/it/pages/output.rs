//! Outputs of two runs of one command, compared word by word: numbers, the room that they take, and where a
//! line breaks for that are free.

use super::page::Terms;
use regex::{Captures, Regex};
use similar::TextDiff;
use std::sync::LazyLock;

/// Lines that a page never has: what a debug build says of its times, in each language, and what is said where other programs have the CPUs.
const NOT_ON_A_PAGE: [&str; 3] =
    ["built without optimisation:", "최적화하지 않은 빌드라서", "note: other programs had the CPUs"];
/// The sentence beside a recommendation that goes with the last.
const OF_OTHERS: &str =
    " Other programs had the CPUs meanwhile (see the note): without them it may be another.";

/// A number that stands by itself, with its sign, grouping and unit. Those within a name (`gil:3.9`, `A1`) and after one that tells
/// which CPython is meant are words.
static NUMBER: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?x)
        (?<before> ^ | CPython\x20 | --cpython\x20 | model\x20 | [\s(\[,|] )
        (?: ± \x20? | [+-] )?
        \d+ (?: [,_]\d{3} )* (?: \.\d+ )* (?: e\d+ )?
        (?: [kMGT]\b | t\b )?
        (?: \x20? (?: ns | us | ms | s ) \b | \x20? % )?",
    )
    .unwrap()
});
/// `1 run`, `2 runs`.
static PLURAL: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"N (\w{3,})s\b").unwrap());
static ROOM: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\s+|-{3,}|─+").unwrap());
/// A version of CPython at the head of a column; what is behind the minor version does not count.
static VERSION: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^(\d\.\d+)(?:\.\d+)?(t?)$").unwrap());
static GAP: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\s{2,}").unwrap());

/// What differs, a line with - as on the page and with + as printed; nothing when the words are the same.
pub(super) fn difference(page: &str, printed: &str, terms: &Terms) -> Option<String> {
    let [page, printed] =
        if terms.versions { shared_columns(page, printed) } else { [page, printed].map(str::to_owned) };
    let left_out = terms.left_out(&printed);
    let [page, printed] = [page, printed].map(|text| words(&text, &left_out));
    (page != printed)
        .then(|| TextDiff::from_lines(&page, &printed).unified_diff().context_radius(2).to_string())
}

/// The words of an output, a line for each of its paragraphs and rows.
fn words(text: &str, left_out: &[&Regex]) -> String {
    let mut lines: Vec<String> = Vec::new();
    let mut prose = false;
    for line in text.lines().map(str::trim_end) {
        // A line of prose belongs to the one before it; rows of tables are indented or have gaps.
        let is_prose = !line.is_empty() && !line.starts_with(' ') && !GAP.is_match(line);
        match lines.last_mut() {
            Some(last) if prose && is_prose => *last = format!("{last} {line}"),
            _ => lines.push(line.to_owned()),
        }
        prose = is_prose;
    }
    for line in &mut lines {
        *line = line.replace(OF_OTHERS, "");
    }
    let never = |line: &String| NOT_ON_A_PAGE.iter().any(|start| line.starts_with(start));
    lines.retain(|line| !never(line) && !left_out.iter().any(|pattern| pattern.is_match(line)));
    let lines = lines.iter().map(|line| {
        let line = NUMBER.replace_all(line, |number: &Captures<'_>| match &number["before"] {
            before @ ("CPython " | "--cpython " | "model ") => {
                format!("{before}{}", &number[0][before.len()..])
            }
            before => format!("{before}N"),
        });
        let line = PLURAL.replace_all(&line, "N $1");
        ROOM.replace_all(&line, |room: &Captures<'_>| if room[0].trim().is_empty() { " " } else { "---" })
            .trim()
            .to_owned()
    });
    lines.filter(|line| !line.is_empty()).map(|line| line + "\n").collect()
}

/// Both outputs with those columns of versions that both have.
fn shared_columns(page: &str, printed: &str) -> [String; 2] {
    let versions = |text: &str| -> Vec<String> {
        text.lines().find_map(head).unwrap_or_default().into_iter().flatten().collect()
    };
    let (of_page, of_printed) = (versions(page), versions(printed));
    [(page, of_printed), (printed, of_page)].map(|(text, others)| {
        let mut kept: Option<Vec<bool>> = None;
        let mut lines = Vec::new();
        for line in text.lines() {
            if let Some(head) = head(line) {
                let mut seen = Vec::new();
                let keep = |version: Option<String>| {
                    version.is_none_or(|version| {
                        let first = !seen.contains(&version);
                        let keep = first && others.contains(&version);
                        seen.push(version);
                        keep
                    })
                };
                kept = Some(head.into_iter().map(keep).collect());
            }
            if line.is_empty() {
                kept = None;
            }
            lines.push(match &kept {
                Some(kept) => {
                    let cells = GAP.split(line).zip(kept).filter(|(_, kept)| **kept).map(|(cell, _)| cell);
                    cells.collect::<Vec<_>>().join("  ")
                }
                None => line.to_owned(),
            });
        }
        lines.join("\n")
    })
}

/// The columns of a table's head, if all but the first are versions: the minor version of each.
fn head(line: &str) -> Option<Vec<Option<String>>> {
    let mut columns = GAP.split(line.trim_end());
    let first = columns.next()?;
    let versions: Option<Vec<_>> = columns
        .map(|column| VERSION.captures(column).map(|version| Some(format!("{}{}", &version[1], &version[2]))))
        .collect();
    let versions = versions.filter(|versions| !versions.is_empty() && !first.is_empty())?;
    Some([vec![None], versions].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(page: &str, printed: &str) -> bool {
        difference(page, printed, &Terms::default()).is_none()
    }

    #[test]
    fn numbers_and_the_room_they_take_are_free() {
        for (page, printed) in [
            ("time 228 ms (median, ± 584 ms)", "time    2.06 s (median, ± 9.1 us)"),
            ("actual -28,414,288", "actual 0"),
            ("wrong in 1 of 10 runs", "wrong in 1 of 1 run"),
            ("a  65.9 ms ±59%  6.59", "a  1.00 s ±1%    65.9"),
            ("held 53 %, 47 %", "held 1 %, 100 %"),
            ("try next: gilsim mutex --iters 100M", "try next: gilsim mutex --iters 1k"),
            ("a sentence that ends in 12\nand goes on", "a sentence that ends in 1,234 and goes on"),
        ] {
            assert!(same(page, printed), "{page} | {printed}");
        }
    }

    #[test]
    fn words_units_apart_and_names_are_not() {
        for (page, printed) in [
            ("12 runs", "12 rounds"),
            ("lost: wrong in 1 of 10 runs", "lucky: wrong in 1 of 10 runs"),
            ("gil:3.9", "gil:3.10"),
            ("CPython 3.9 may drop", "CPython 3.10 may drop"),
            ("schedule A1,B6", "schedule A2,B6"),
            ("228 ms of CPU", "228 of CPU time"),
            ("one\n\ntwo", "one\n\ntwo\n\nthree"),
            ("x  1  2", "x  1"),
        ] {
            assert!(!same(page, printed), "{page} | {printed}");
        }
    }

    #[test]
    fn versions_that_only_one_side_has_are_left_out() {
        let terms = Terms::parse("<!-- pages: versions as found -->").unwrap();
        let page = "body  3.9    3.10   3.11.2  3.11.7\nx + 1  loses  exact  exact  loses\n\nend";
        assert!(difference(page, "body   3.11  3.12\nx + 1  exact  loses\n\nend", &terms).is_none());
        assert!(difference(page, "body   3.10\nx + 1  loses\n\nend", &terms).is_some());
        assert!(difference(page, "body   3.10\ny + 1  exact\n\nend", &terms).is_some());
    }
}
