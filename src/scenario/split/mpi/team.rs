//! Who the ranks are, on which hosts, and what each host did in a run.

use crate::measure::HostShare;
use crate::measure::workload::{Workload, part};
use crate::system::clock::Span;
use crate::system::cpus::Cpus;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::sync::OnceLock;
use std::time::Duration;

/// A rank, as it introduces itself to rank 0.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Member {
    /// Its host's name, as MPI has it.
    pub host: String,
    /// Its version of gilsim.
    pub gilsim: String,
    /// How many workers could run there at once.
    pub usable: usize,
    /// The CPUs that `mpirun` lets it use.
    pub cpus: BTreeSet<usize>,
}

impl Member {
    /// This process, on a host of this name.
    #[must_use]
    pub fn here(host: String) -> Self {
        let Cpus { usable, pinnable } = Cpus::detect();
        let gilsim = env!("CARGO_PKG_VERSION").to_owned();
        Self { host, gilsim, usable, cpus: pinnable.into_iter().collect() }
    }
}

/// All ranks, rank 0 first.
#[derive(Debug, Clone)]
pub struct Team {
    members: Vec<Member>,
    joining: Duration,
}

impl Team {
    /// Of these ranks; to join the job took rank 0 so long.
    #[must_use]
    pub const fn of(members: Vec<Member>, joining: Duration) -> Self {
        Self { members, joining }
    }

    /// Makes them those that this process leads. Only the first call counts: a process joins a job once.
    pub fn lead(self) {
        let _ = TEAM.set(self);
    }

    /// How long rank 0 took to join the job, before the first run.
    #[must_use]
    pub const fn joining(&self) -> Duration {
        self.joining
    }

    /// A workload as the ranks do it: one worker each, placed by `mpirun`.
    #[must_use]
    pub fn adapt(&self, load: &Workload) -> Workload {
        let workers = NonZeroUsize::new(self.members.len()).unwrap_or(NonZeroUsize::MIN);
        let cpus = Cpus { usable: self.usable(), pinnable: Vec::new() };
        Workload { workers, cpus, pins: Vec::new(), ..load.clone() }
    }

    /// A workload with the part of rank 0's process alone, on the CPUs that it may use.
    #[must_use]
    pub fn leaders(&self, load: &Workload) -> Workload {
        let usable = self.members.first().map_or(1, |member| member.usable);
        let cpus = Cpus { usable, pinnable: Vec::new() };
        Workload { workers: NonZeroUsize::MIN, cpus, ..load.clone() }
    }

    /// How many ranks can run at once.
    fn usable(&self) -> usize {
        let of_host = |ranks: &Vec<usize>| {
            let members = || ranks.iter().filter_map(|&rank| self.members.get(rank));
            let most = members().map(|member| member.usable).max().unwrap_or(1);
            // Under a quota, or where the kernel does not tell the CPUs, the ranks of a host have the same few.
            let limited = members().any(|member| member.usable != member.cpus.len());
            let together: BTreeSet<usize> = members().flat_map(|member| &member.cpus).copied().collect();
            if limited { most } else { together.len() }
        };
        self.hosts().iter().map(|(_, ranks)| of_host(ranks)).sum::<usize>().max(1)
    }

    /// The hosts with their ranks, in the order of their first ranks.
    fn hosts(&self) -> Vec<(&str, Vec<usize>)> {
        let mut hosts: Vec<(&str, Vec<usize>)> = Vec::new();
        for (rank, member) in self.members.iter().enumerate() {
            match hosts.iter_mut().find(|(host, _)| *host == member.host) {
                Some((_, ranks)) => ranks.push(rank),
                None => hosts.push((&member.host, vec![rank])),
            }
        }
        hosts
    }

    /// What each host did, when each rank did its part of the range between these times of its host's own clock.
    #[must_use]
    pub fn shares(&self, load: &Workload, spans: &[Span]) -> Vec<HostShare> {
        let range = load.range();
        let share = |(host, ranks): (&str, Vec<usize>)| {
            let added = |rank: usize| {
                let part = part(&range, load.workers, rank);
                part.end - part.start
            };
            let time = Span::around(ranks.iter().filter_map(|&rank| spans.get(rank).copied()));
            HostShare {
                host: host.to_owned(),
                updates: ranks.iter().map(|&rank| added(rank)).sum(),
                time: time.map_or(Duration::ZERO, Span::duration),
                workers: ranks,
            }
        };
        self.hosts().into_iter().map(share).collect()
    }

    /// What the host of rank 0 did when it did everything, by so many workers.
    #[must_use]
    pub fn alone(&self, load: &Workload, time: Duration) -> Vec<HostShare> {
        let range = load.range();
        let share = |member: &Member| HostShare {
            host: member.host.clone(),
            workers: (0..load.workers.get()).collect(),
            updates: range.end - range.start,
            time,
        };
        self.members.first().map(share).into_iter().collect()
    }

    /// The spans of all ranks on one clock, though the clocks of two hosts have nothing to do with each other: that of
    /// each host is moved so that its first rank left the start line at `left`, as all did within moments.
    #[must_use]
    pub fn on_one_clock(&self, spans: &[Span], left: u64) -> Vec<Span> {
        let mut moved = spans.to_vec();
        for (_, ranks) in self.hosts() {
            let first = ranks.iter().filter_map(|&rank| spans.get(rank)).map(|span| span.start).min();
            let since = |time: u64| left.saturating_add(time.saturating_sub(first.unwrap_or(time)));
            for rank in ranks {
                if let Some(span) = moved.get_mut(rank) {
                    *span = Span { start: since(span.start), end: since(span.end) };
                }
            }
        }
        moved
    }
}

/// The ranks, as rank 0 knows them. A process can belong to one MPI job only, so there is one place for it.
static TEAM: OnceLock<Team> = OnceLock::new();

/// The ranks of the job that this process leads; nothing where it leads none.
#[must_use]
pub(in super::super) fn team() -> Option<&'static Team> {
    TEAM.get()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(host: &str, usable: usize, cpus: &[usize]) -> Member {
        Member { host: host.to_owned(), gilsim: String::new(), usable, cpus: cpus.iter().copied().collect() }
    }

    fn team(members: &[Member]) -> Team {
        Team::of(members.to_vec(), Duration::ZERO)
    }

    #[test]
    fn each_host_counts_its_cpus_once() {
        let usable = |members: &[Member]| team(members).adapt(&Workload::for_tests(1, 1)).cpus.usable;
        // Each rank on a CPU of its own, as mpirun places two of them.
        assert_eq!(usable(&[member("one", 1, &[0]), member("one", 1, &[1])]), 2);
        // All ranks on all CPUs.
        assert_eq!(usable(&[member("one", 2, &[0, 1]), member("one", 2, &[0, 1])]), 2);
        assert_eq!(usable(&[member("one", 2, &[0, 1]), member("two", 2, &[0, 1])]), 4);
        // A quota of one CPU.
        assert_eq!(usable(&[member("one", 1, &[0, 1]), member("one", 1, &[0, 1])]), 1);
        // A kernel that tells nothing.
        assert_eq!(usable(&[member("one", 8, &[]), member("one", 8, &[])]), 8);
    }

    #[test]
    fn each_host_has_the_ranks_that_are_on_it_and_the_time_of_its_own_clock() {
        let members =
            [member("one", 1, &[0]), member("two", 1, &[0]), member("one", 1, &[1]), member("two", 1, &[1])];
        let spans = [(100, 200), (9_000, 9_050), (110, 230), (9_020, 9_090)];
        let spans = spans.map(|(start, end)| Span { start, end });
        let team = team(&members);
        let load = team.adapt(&Workload::for_tests(1, 10));
        assert_eq!(load.workers.get(), 4);
        let share = |host: &str, workers: [usize; 2], updates, time| HostShare {
            host: host.to_owned(),
            workers: workers.to_vec(),
            updates,
            time: Duration::from_nanos(time),
        };
        let parts = [0, 1, 2, 3].map(|rank| {
            let part = part(&load.range(), load.workers, rank);
            part.end - part.start
        });
        let expected =
            [share("one", [0, 2], parts[0] + parts[2], 130), share("two", [1, 3], parts[1] + parts[3], 90)];
        assert_eq!(parts.iter().sum::<u64>(), 10);
        assert_eq!(team.shares(&load, &spans), expected);

        // The two hosts' clocks are 8.9 microseconds apart, which is not seen.
        let moved = team.on_one_clock(&spans, 1_000);
        let moved: Vec<(u64, u64)> = moved.into_iter().map(|span| (span.start, span.end)).collect();
        assert_eq!(moved, [(1_000, 1_100), (1_000, 1_050), (1_010, 1_130), (1_020, 1_090)]);
    }
}
