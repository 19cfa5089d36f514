//! `docs/atomic.md` is what the model says: the operations of the Python FAQ on every version.

use super::page::Page;
use gilsim::python::body::{Body, Claim};
use gilsim::python::version::Version;
use gilsim::session::verify::{FAQ, Operation};
use gilsim::system::control::Control;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

/// The page has the tables between these lines.
const BEGIN: &str = "<!-- from here: cargo test --test it atomic -->\n";
const END: &str = "<!-- to here -->\n";

fn claim(operation: &Operation, version: Version) -> Claim {
    let body = Body::compile(operation.body, operation.setup, operation.result, version).unwrap();
    body.claim([1, -1], &Control::default()).unwrap()
}

/// The versions with a GIL and those without, each in their order.
fn versions() -> Vec<Version> {
    let mut versions = Version::ALL.to_vec();
    versions.sort_by_key(|version| !version.has_gil());
    versions
}

/// `3.10 to 3.15`: neighbours in that order.
fn ranges(wanted: impl Fn(Version) -> bool) -> String {
    let all = versions();
    let runs =
        all.chunk_by(|&left, &right| wanted(left) == wanted(right) && left.has_gil() == right.has_gil());
    let named = runs.filter(|run| wanted(run[0])).map(|run| match run {
        [one] => one.to_string(),
        [first, .., last] => format!("{first} to {last}"),
        [] => String::new(),
    });
    let named: Vec<String> = named.collect();
    if named.is_empty() { "–".to_owned() } else { named.join(", ") }
}

fn code(text: &str) -> String {
    // As it is typed: --setup and --body take \n for a new line.
    format!("`{}`", text.replace('\n', "\\n"))
}

fn tables() -> String {
    let mut text = String::from("\n| operation | the FAQ |");
    for version in versions() {
        let _ = write!(text, " {version} |");
    }
    text += " the FAQ is wrong for |\n|---|---|";
    text += &"---|".repeat(versions().len() + 1);
    text.push('\n');
    for operation in FAQ {
        let claims: Vec<(Version, Claim)> =
            versions().into_iter().map(|version| (version, claim(&operation, version))).collect();
        let faq = if operation.atomic { "atomic" } else { "not atomic" };
        let _ = write!(text, "| {} | {faq} |", code(operation.words));
        for (_, claim) in &claims {
            let _ = write!(text, " {} |", claim.word());
        }
        let wrong = |version: Version| {
            claims
                .iter()
                .any(|&(known, claim)| known == version && (claim == Claim::Exact) != operation.atomic)
        };
        let _ = writeln!(text, " {} |", ranges(wrong));
    }
    text += "\n| operation | `--setup` | `--body` | `--result` |\n|---|---|---|---|\n";
    for operation in FAQ {
        let Operation { words, setup, body, result, .. } = operation;
        let _ = writeln!(text, "| {} | {} | {} | {} |", code(words), code(setup), code(body), code(result));
    }
    text.push('\n');
    text
}

fn page() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/atomic.md")
}

#[test]
fn the_matrix_of_the_faq_is_what_the_model_says() {
    let page = Page::read(page());
    let (before, rest) = page.text.split_once(BEGIN).expect("the line that begins the tables");
    let (shown, after) = rest.split_once(END).expect("the line that ends the tables");
    let right = tables();
    if std::env::var_os("GILSIM_UPDATE_PAGES").is_some() {
        fs::write(&page.path, [before, BEGIN, &right, END, after].concat()).unwrap();
        return;
    }
    assert_eq!(shown, right, "GILSIM_UPDATE_PAGES=1 cargo test --test it atomic rewrites the tables");
}
