//! Classes of `@dataclass`, and what of them is refused.

use super::super::{Kind, check};
use crate::python::version::Version;
use crate::system::control::Control;

const IMPORT: &str = "from dataclasses import dataclass, field\n";

fn checked(text: &str) -> Result<Vec<Vec<String>>, String> {
    let checked =
        check(text, &[Version::V3_13], 2, &Control::default()).map_err(|error| error.to_string())?;
    let finding = &checked.findings[0];
    if finding.kind == Kind::Incomplete { Err(finding.reason.clone()) } else { Ok(finding.prints.clone()) }
}

#[test]
fn objects_are_not_compared_and_are_no_keys() {
    let class = format!("{IMPORT}@dataclass\nclass P:\n    x: int = 1\n");
    assert_eq!(checked(&format!("{class}print(P(), P(2), P(x=3).x, P.x)")).unwrap(), [["P(x=1) P(x=2) 3 1"]]);
    for compared in ["P() == P()", "P() in [P()]", "P() != P(2)", "[P()] == [P()]"] {
        let error = checked(&format!("{class}print({compared})")).unwrap_err();
        assert!(error.contains("a comparison of objects of a dataclass"), "{compared}: {error}");
    }
    let hashed = "try: {P()}\nexcept TypeError: print('no')";
    assert_eq!(checked(&format!("{class}{hashed}")).unwrap(), [["no"]]);
    // With nothing else it is equal by what it is.
    assert_eq!(
        checked(&format!("{class}p = P()\nprint(p == p, p == 1, p is p)")).unwrap(),
        [["True False True"]]
    );
}

#[test]
fn what_the_decorator_could_do_else_is_refused_by_name() {
    for (text, said) in [
        ("@dataclass(frozen=True)\nclass P:\n    x: int\n", "such a decorator of a class"),
        ("@dataclass\nclass P(Exception):\n    x: int\n", "a dataclass with a base class"),
        ("@dataclass\nclass P:\n    x: int = 1\n    y: int\n", "a field without a default behind one with"),
        ("@dataclass\nclass P:\n    x: int = field(repr=False)\n", "such a field()"),
    ] {
        let error = checked(&format!("{IMPORT}{text}")).unwrap_err();
        assert!(error.contains(said), "{text}: {error}");
    }
    // A decorator of the program's own has the name, too.
    let own = "def dataclass(c): return c\n@dataclass\nclass P:\n    x: int = 1\n";
    assert!(checked(own).unwrap_err().contains("such a decorator of a class"));
}

#[test]
fn whether_a_field_was_given_is_no_test_of_the_program() {
    let text = format!(
        "{IMPORT}import threading\n@dataclass\nclass P:\n    x: int = 0\n    lock: object = field(default_factory=threading.Lock)\np = P()\n\
         def work():\n    for _ in range(100):\n        with p.lock: p.x += 1\nts = [threading.Thread(target=work) for _ in range(2)]\n\
         for t in ts: t.start()\nfor t in ts: t.join()\nprint(p.x)\n"
    );
    let checked = check(&text, &[Version::V3_9, Version::V3_13], 2, &Control::default()).unwrap();
    assert!(checked.untried().is_empty(), "{:?}", checked.untried());
}
