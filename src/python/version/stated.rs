//! What is stated of the price of doing without a GIL: by PEP 703 beforehand, and by CPython's documentation of each
//! free-threaded version.

use super::versions::Version;
use serde::Serialize;

/// A statement about how much slower a free-threaded build is.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Stated {
    /// Who says so.
    pub by: &'static str,
    /// Of what: one thread or several, and measured how.
    pub of: &'static str,
    /// By what share slower at least.
    pub least: f64,
    /// By what share slower at most.
    pub most: f64,
    /// Where it can be read.
    pub source: &'static str,
}

/// PEP 703, of one thread.
const PEP_703_ONE: Stated = Stated {
    by: "PEP 703 (2023)",
    of: "one thread, a prototype on 3.12, pyperformance 1.0.6",
    least: 0.05,
    most: 0.06,
    source: "https://peps.python.org/pep-0703/#performance",
};
/// PEP 703, of several threads. That they run at the same time is not counted.
const PEP_703_SEVERAL: Stated =
    Stated { of: "several threads, the same prototype", least: 0.07, most: 0.08, ..PEP_703_ONE };
/// The documentation of 3.13, whose free-threaded build does without the specialising interpreter (PEP 659).
const HOWTO_3_13: Stated = Stated {
    by: "CPython 3.13's free-threading HOWTO",
    of: "one thread, pyperformance",
    least: 0.4,
    most: 0.4,
    source: "https://docs.python.org/3.13/howto/free-threading-python.html",
};
/// The documentation of 3.14; 3.15's has the same sentence.
const HOWTO_3_14: Stated = Stated {
    by: "CPython 3.14's free-threading HOWTO",
    of: "one thread, pyperformance, from macOS on arm64 to Linux on x86-64",
    least: 0.01,
    most: 0.08,
    source: "https://docs.python.org/3.14/howto/free-threading-python.html",
};
const WHATS_NEW_3_14: Stated = Stated {
    by: "What's New In Python 3.14",
    of: "one thread, depending on platform and C compiler",
    least: 0.05,
    most: 0.1,
    source: "https://docs.python.org/3.14/whatsnew/3.14.html",
};
const HOWTO_3_15: Stated = Stated {
    by: "CPython 3.15's free-threading HOWTO",
    source: "https://docs.python.org/3.15/howto/free-threading-python.html",
    ..HOWTO_3_14
};

impl Version {
    /// What is stated of how much slower this version is than the same one with a GIL; nothing for one that has a GIL.
    #[must_use]
    pub const fn stated_overhead(self) -> &'static [Stated] {
        match self {
            Self::V3_13t => &[PEP_703_ONE, PEP_703_SEVERAL, HOWTO_3_13],
            Self::V3_14t => &[PEP_703_ONE, PEP_703_SEVERAL, HOWTO_3_14, WHATS_NEW_3_14],
            Self::V3_15t => &[PEP_703_ONE, PEP_703_SEVERAL, HOWTO_3_15],
            _ => &[],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_version_without_a_gil_has_statements_and_no_other() {
        for version in Version::ALL {
            let stated = version.stated_overhead();
            assert_eq!(stated.is_empty(), version.has_gil(), "{version}");
            for it in stated {
                assert!(0.0 < it.least && it.least <= it.most && it.most < 1.0, "{it:?}");
                assert!(it.source.starts_with("https://"), "{it:?}");
            }
        }
    }
}
