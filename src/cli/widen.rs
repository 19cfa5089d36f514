//! `--widen`: how often a worker of the race gives up its CPU between load and store.

use crate::count;
use crate::measure::Workload;
use std::num::NonZeroU64;

/// How often a worker of the race yields between load and store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Widen {
    /// Only when there are fewer CPUs than workers.
    Auto,
    /// Never.
    Off,
    /// Once in so many updates.
    Every(NonZeroU64),
}

impl Widen {
    /// Once in how many updates of this workload, if at all.
    ///
    /// With too few CPUs the workers would hardly ever meet; some thousand widened updates make sure that
    /// they do, and cost little beside the rest.
    pub(super) fn updates_per_yield(self, load: &Workload) -> Option<NonZeroU64> {
        match self {
            Self::Off => None,
            Self::Every(updates) => Some(updates),
            Self::Auto if load.workers.get() <= load.cpus.usable => None,
            Self::Auto => NonZeroU64::new((load.iterations / 1024).clamp(16, 1 << 16)),
        }
    }

    /// The same for pairs of taking a reference and giving it back.
    ///
    /// A worker that overwrites a count with the same count does no harm, and that is what it mostly does: between two
    /// pairs each finds the count that it left. So on CPUs enough, too, a short run may show nothing, and some sixty
    /// widened pairs make sure that it does.
    pub(super) fn pairs_per_yield(self, load: &Workload) -> Option<NonZeroU64> {
        match self {
            Self::Auto if (2..=load.cpus.usable).contains(&load.workers.get()) => {
                NonZeroU64::new((load.iterations / 64).clamp(16, 1 << 16))
            }
            _ => self.updates_per_yield(load),
        }
    }
}

impl std::str::FromStr for Widen {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "auto" => Ok(Self::Auto),
            "off" => Ok(Self::Off),
            _ => count::parse(text)
                .ok()
                .and_then(NonZeroU64::new)
                .map(Self::Every)
                .ok_or("use auto, off, or once in how many updates (1 or more)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_race_is_widened_only_when_cpus_are_short() {
        let load = |workers, iterations| Workload::for_tests(workers, iterations);
        assert_eq!(Widen::Auto.updates_per_yield(&load(1, 1000)), None);
        assert_eq!(Widen::Auto.updates_per_yield(&load(2, 1000)), NonZeroU64::new(16));
        assert_eq!(Widen::Auto.updates_per_yield(&load(2, 1 << 20)), NonZeroU64::new(1 << 10));
        assert_eq!(Widen::Auto.updates_per_yield(&load(2, u64::MAX)), NonZeroU64::new(1 << 16));
        assert_eq!(Widen::Off.updates_per_yield(&load(2, 1000)), None);
        let with_cpus = |iterations| {
            let mut load = load(2, iterations);
            load.cpus.usable = 2;
            Widen::Auto.pairs_per_yield(&load)
        };
        assert_eq!(with_cpus(1000), NonZeroU64::new(16));
        assert_eq!(with_cpus(100_000), NonZeroU64::new(1562));
        assert_eq!(with_cpus(u64::MAX), NonZeroU64::new(1 << 16));
        assert_eq!(Widen::Auto.pairs_per_yield(&load(2, 1000)), NonZeroU64::new(16));
        assert_eq!(Widen::Auto.pairs_per_yield(&load(1, 1000)), None);
        assert_eq!(Widen::Off.pairs_per_yield(&load(2, 1000)), None);
        assert_eq!("7".parse::<Widen>().unwrap().updates_per_yield(&load(1, 1000)), NonZeroU64::new(7));
    }
}
