//! The versions that are modelled, by name.

use std::{fmt, str::FromStr};

use thiserror::Error;

use super::{
    facts::{Facts, HandOff},
    table,
};

/// A version of CPython; a `t` stands for the free-threaded build (PEP 703).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Version {
    /// Python 2.7: the old GIL, counted in ticks.
    V2_7,
    /// Python 3.6.
    V3_6,
    /// Python 3.7.
    V3_7,
    /// Python 3.8.
    V3_8,
    /// Python 3.9.
    V3_9,
    /// Python 3.10: the eval breaker is looked at in a few places only (bpo-29988, bpo-42693).
    V3_10,
    /// Python 3.11: the specialising interpreter (PEP 659).
    V3_11,
    /// Python 3.12: inlined comprehensions (PEP 709), a GIL per interpreter (PEP 684).
    V3_12,
    /// Python 3.13: the drop request is a bit of the holder's thread state (gh-112175).
    V3_13,
    /// Python 3.13, free-threaded.
    V3_13t,
    /// Python 3.14.
    V3_14,
    /// Python 3.14, free-threaded.
    V3_14t,
    /// Python 3.15: nothing comes between a context's `__enter__` and its block (gh-150911).
    V3_15,
    /// Python 3.15, free-threaded.
    V3_15t,
}

/// The text does not name a version that is modelled.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("no model of cpython {given:?}: choose one of {}", known())]
pub struct UnknownVersion {
    /// What was given.
    pub given: String,
}

fn known() -> String {
    Version::ALL.map(Version::name).join(", ")
}

/// The versions in the order of [`Version`]: name and row of the table.
const ROWS: [(Version, &str, &Facts); 14] = [
    (Version::V2_7, "2.7", &table::PY27),
    (Version::V3_6, "3.6", &table::PY36),
    (Version::V3_7, "3.7", &table::PY37),
    (Version::V3_8, "3.8", &table::PY38),
    (Version::V3_9, "3.9", &table::PY39),
    (Version::V3_10, "3.10", &table::PY310),
    (Version::V3_11, "3.11", &table::PY311),
    (Version::V3_12, "3.12", &table::PY312),
    (Version::V3_13, "3.13", &table::PY313),
    (Version::V3_13t, "3.13t", &table::PY313T),
    (Version::V3_14, "3.14", &table::PY314),
    (Version::V3_14t, "3.14t", &table::PY314T),
    (Version::V3_15, "3.15", &table::PY315),
    (Version::V3_15t, "3.15t", &table::PY315T),
];

impl Version {
    /// Every version that is modelled, oldest first, a free-threaded build after its namesake.
    pub const ALL: [Self; ROWS.len()] = {
        let mut all = [Self::V2_7; ROWS.len()];
        let mut index = 0;
        while index < ROWS.len() {
            all[index] = ROWS[index].0;
            index += 1;
        }
        all
    };

    /// As it is written on a command line: `3.13t`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        ROWS[self as usize].1
    }

    /// Its two numbers: 3 and 13 for 3.13 and for 3.13t.
    #[must_use]
    pub fn major_minor(self) -> (u8, u8) {
        let mut numbers =
            self.name().trim_end_matches('t').split('.').map_while(|number| number.parse().ok());
        (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0))
    }

    /// The newest version whose default build has a GIL.
    #[must_use]
    pub const fn newest_with_gil() -> Self {
        Self::V3_15
    }

    /// Whether this build has a GIL.
    #[must_use]
    pub fn has_gil(self) -> bool {
        self.facts().hand_off != HandOff::NoGil
    }

    /// This version's row of the table.
    #[must_use]
    pub const fn facts(self) -> &'static Facts {
        ROWS[self as usize].2
    }
}

impl Version {
    /// Whether a body's text has a call that no longer looks at the eval breaker once it is specialised (PEP 659).
    #[must_use]
    pub fn has_silent_call(self, text: &str) -> bool {
        self.has_gil()
            && self.facts().drop.silent_calls.iter().any(|(name, _)| text.contains(&format!("{name}(")))
    }

    /// The version that a release is one of: that of `3.9.18`, `3.13.5t`, `3.14.0rc1`, and of a version's own name.
    #[must_use]
    pub fn of_release(release: &str) -> Option<Self> {
        let named = |name: &str| Self::ALL.into_iter().find(|version| version.name() == name);
        named(release).or_else(|| {
            let (with_gil, suffix) = release.strip_suffix('t').map_or((release, ""), |rest| (rest, "t"));
            let (minor, patch) = with_gil.rsplit_once('.')?;
            // `0rc1`, and `0+` of a build between releases.
            let stage = patch.trim_start_matches(|digit: char| digit.is_ascii_digit());
            let number = stage.trim_start_matches(['a', 'b', 'r', 'c']);
            let numbered =
                stage.len() < patch.len() && number.chars().all(|it| it.is_ascii_digit() || it == '+');
            if numbered && minor.contains('.') { named(&format!("{minor}{suffix}")) } else { None }
        })
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Version {
    type Err = UnknownVersion;

    fn from_str(text: &str) -> Result<Self, UnknownVersion> {
        Self::ALL
            .into_iter()
            .find(|version| version.name() == text.trim())
            .ok_or_else(|| UnknownVersion { given: text.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_parses_to_its_version() {
        for version in Version::ALL {
            assert_eq!(version.name().parse(), Ok(version));
            assert_eq!(ROWS[version as usize].0, version);
            assert_eq!(version.has_gil(), !version.name().ends_with('t'));
        }
    }

    #[test]
    fn a_release_is_one_of_its_version() {
        for (release, version) in [
            ("3.9.18", Some(Version::V3_9)),
            ("3.13.5t", Some(Version::V3_13t)),
            ("3.13t", Some(Version::V3_13t)),
            ("3.14.0rc1", Some(Version::V3_14)),
            ("3.14.0rc2t", Some(Version::V3_14t)),
            ("3.12.1+", Some(Version::V3_12)),
            ("2.7.18", Some(Version::V2_7)),
            ("3.5.2", None),
            ("3.9.", None),
            ("3.9.x", None),
            ("3.9.18.1", None),
            ("3.9.18t", None),
            ("39.18", None),
            ("3", None),
            ("", None),
        ] {
            assert_eq!(Version::of_release(release), version, "{release:?}");
        }
    }

    #[test]
    fn an_unknown_version_is_answered_with_the_known_ones() {
        let error = "3.5".parse::<Version>().unwrap_err().to_string();
        assert!(
            error.contains("\"3.5\"") && error.contains("2.7, 3.6") && error.contains("3.15t"),
            "{error}"
        );
    }

    #[test]
    fn the_newest_with_a_gil_has_one_and_none_newer_has() {
        let newest = Version::newest_with_gil();
        assert!(newest.has_gil());
        assert!(Version::ALL.into_iter().all(|version| version <= newest || !version.has_gil()));
    }
}
