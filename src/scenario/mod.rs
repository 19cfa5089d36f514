//! The lessons: each scenario has workers do one workload to a shared state in one particular way.
//!
//! A file shows the shared state, the critical section and the total, in that order. Scenarios know how they are
//! measured ([`crate::measure`]), the model of CPython ([`crate::python`]), real interpreters
//! ([`crate::interpreter`]) and the machine. They print nothing, and know neither options nor reports.
//!
//! Start reading with [`race`]. A new scenario is a file and a line in [`ALL`].

pub mod atomic;
pub mod convoy;
pub mod error;
pub mod gil;
pub mod mutex;
pub mod python;
pub mod race;
pub mod refcount;
pub mod sharded;
pub mod spin_lock;
pub mod split;
pub mod widening;

use crate::measure::Scenario;
use crate::python::version::Version;
use std::sync::LazyLock;

pub use error::Error;

/// Every scenario, in the order in which they teach. A new one is a file and a line here.
pub static ALL: LazyLock<Vec<&'static dyn Scenario>> = LazyLock::new(|| {
    vec![
        &race::Race,
        &mutex::Mutex(mutex::Lock::ParkingLot),
        &mutex::Mutex(mutex::Lock::Std),
        &mutex::Mutex(mutex::Lock::Fair),
        &mutex::Mutex(mutex::Lock::Spin),
        &atomic::Atomic,
        &sharded::Sharded,
        &*gil::DEFAULT,
        const { &split::Split::by(split::By::Sequential) },
        const { &split::Split::by(split::By::Thread) },
        const { &split::Split::by(split::By::Rayon) },
        const { &split::Split::by(split::By::Gil) },
        const { &split::Split::by(split::By::Process) },
        &refcount::Refcount(refcount::Way::Plain),
        &refcount::Refcount(refcount::Way::Gil),
        &refcount::Refcount(refcount::Way::Mutex),
        &refcount::Refcount(refcount::Way::Atomic),
        &refcount::Refcount(refcount::Way::Biased),
        &refcount::Refcount(refcount::Way::Deferred),
        &refcount::Refcount(refcount::Way::Immortal),
        &refcount::Refcount(refcount::Way::Rc),
        &refcount::Refcount(refcount::Way::Arc),
    ]
});

/// [`gil::BODY`] under each version, oldest first.
static GIL_VERSIONS: LazyLock<Vec<&'static dyn Scenario>> = LazyLock::new(|| {
    let others = Version::ALL.into_iter().filter(|version| *version != Version::newest_with_gil());
    let mut versions: Vec<(Version, &'static dyn Scenario)> =
        others.map(|version| (version, leak(gil::default_body(version)) as _)).collect();
    versions.push((Version::newest_with_gil(), &*gil::DEFAULT));
    versions.sort_by_key(|(version, _)| *version);
    versions.into_iter().map(|(_, scenario)| scenario).collect()
});

/// Every scenario and variant that can be named: [`ALL`], with `gil` under each version.
pub fn variants() -> impl Iterator<Item = &'static dyn Scenario> {
    let of = |scenario: &&'static dyn Scenario| {
        if scenario.name() == gil::DEFAULT.name() { GIL_VERSIONS.clone() } else { vec![*scenario] }
    };
    ALL.iter().flat_map(of)
}

/// A scenario that is made for this invocation lives as long as the program, like those of the list.
pub fn leak(scenario: impl Scenario + 'static) -> &'static dyn Scenario {
    Box::leak(Box::new(scenario))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_version_is_a_variant_of_gil() {
        let labels: Vec<String> = variants().map(Scenario::label).collect();
        for version in Version::ALL {
            assert_eq!(
                labels.iter().filter(|label| **label == format!("gil:{version}")).count(),
                1,
                "{version}"
            );
        }
        for scenario in ALL.iter() {
            assert!(labels.contains(&scenario.label()), "{}", scenario.label());
        }
        let defaults = variants().filter(|it| it.variant().is_some_and(|variant| variant.is_default));
        assert_eq!(defaults.filter(|it| it.name() == "gil").count(), 1);
    }

    #[test]
    fn each_scenario_has_a_label_of_its_own_and_each_command_one_default() {
        let labels: std::collections::BTreeSet<String> =
            ALL.iter().map(|scenario| scenario.label()).collect();
        assert_eq!(labels.len(), ALL.len());
        for scenario in ALL.iter() {
            let defaults = ALL
                .iter()
                .filter(|other| other.name() == scenario.name())
                .filter(|other| other.variant().is_none_or(|variant| variant.is_default))
                .count();
            assert_eq!(defaults, 1, "{}", scenario.name());
        }
    }
}
