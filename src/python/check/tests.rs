//! The programs that started the project, and what each construct of a racy program comes to.

use super::{CheckError, Kind, check};
use crate::python::version::Version;
use crate::system::control::Control;

fn verdicts(text: &str) -> Vec<(Version, Kind)> {
    let checked = check(text, &Version::ALL, 2, &Control::default()).unwrap();
    checked.findings.iter().map(|finding| (finding.version, finding.kind)).collect()
}

/// Which versions lose: all without a GIL, and those with one up to the given.
fn lost_up_to(last: Option<Version>) -> impl Fn(Version) -> Kind {
    move |version| {
        let lost = !version.has_gil() || last.is_some_and(|last| version <= last);
        if lost { Kind::Loses } else { Kind::Exact }
    }
}

fn expect(text: &str, wanted: impl Fn(Version) -> Kind) {
    for (version, kind) in verdicts(text) {
        assert_eq!(kind, wanted(version), "{version}");
    }
}

#[test]
fn the_programs_of_the_reference() {
    let nine = Some(Version::V3_9);
    expect(include_str!("../../../tests/programs/race.py"), lost_up_to(nine));
    expect(include_str!("../../../tests/programs/incr_function.py"), lost_up_to(nine));
    expect(include_str!("../../../tests/programs/ticket_ids.py"), lost_up_to(nine));
    expect(include_str!("../../../tests/programs/dict_get.py"), |_| Kind::Loses);
    expect(include_str!("../../../tests/programs/append_only.py"), |_| Kind::Exact);
    expect(include_str!("../../../tests/programs/locked_method.py"), |_| Kind::Exact);
    expect(include_str!("../../../tests/programs/split.py"), |version| {
        if version == Version::V2_7 { Kind::NotPython } else { Kind::Exact }
    });
}

#[test]
fn what_is_not_covered_is_refused_with_its_place() {
    let refused = |text: &str| match check(text, &[Version::V3_13], 2, &Control::default()) {
        Err(CheckError::Source(error)) => format!("{error}"),
        other => panic!("{other:?}"),
    };
    for (text, part) in [
        ("", "nothing to run"),
        ("x = (", "not python"),
        ("import os\nos.remove('x')", "the module os is not covered"),
        ("x = 1\nopen('x')", "the name open is not covered"),
        ("async def f(): pass", "async def is not covered"),
        ("def f():\n    yield 1", "yield is not covered"),
    ] {
        let error = refused(text);
        assert!(error.contains(part), "{text}: {error}");
        assert!(error.contains("line "), "{text}: {error}");
    }
}

/// A program whose first line says which interpreters were seen to lose, and which were exact.
fn expect_as_measured(text: &str) {
    let first = text.lines().next().unwrap();
    let (lost, exact) = first.split_once("; exact on ").unwrap();
    let lost = lost.strip_prefix("# measured: lost in most runs on ").unwrap();
    let found = verdicts(text);
    for (words, wanted) in [(lost, Kind::Loses), (exact, Kind::Exact)] {
        for word in words.split_whitespace().filter(|word| *word != "none") {
            let version: Version = word.parse().unwrap();
            let (_, kind) = found.iter().find(|(known, _)| *known == version).unwrap();
            assert_eq!(*kind, wanted, "{version}: {text}");
        }
    }
    for (version, kind) in found {
        assert!(version.has_gil() || kind == Kind::Loses, "{version}: {text}");
    }
}

#[test]
fn every_construct_loses_where_it_was_measured_to_lose() {
    for text in [
        include_str!("../../../tests/programs/measured/appendread.py"),
        include_str!("../../../tests/programs/measured/closure.py"),
        include_str!("../../../tests/programs/measured/ddict.py"),
        include_str!("../../../tests/programs/measured/fstr.py"),
        include_str!("../../../tests/programs/measured/getitem.py"),
        include_str!("../../../tests/programs/measured/inop.py"),
        include_str!("../../../tests/programs/measured/inst.py"),
        include_str!("../../../tests/programs/measured/kwcall.py"),
        include_str!("../../../tests/programs/measured/listpop.py"),
        include_str!("../../../tests/programs/measured/method_get.py"),
        include_str!("../../../tests/programs/measured/nextit.py"),
        include_str!("../../../tests/programs/measured/prop.py"),
        include_str!("../../../tests/programs/measured/setdef.py"),
        include_str!("../../../tests/programs/measured/tryx.py"),
        include_str!("../../../tests/programs/measured/unpack.py"),
    ] {
        expect_as_measured(text);
    }
}
