//! The CPUs that this process may use, and staying on one of them.

#[cfg(target_os = "linux")]
use nix::{sched, unistd::Pid};
use std::collections::BTreeSet;
use std::num::NonZeroUsize;

/// What there is to run on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cpus {
    /// How many workers can run at once: the CPUs of the affinity mask, or fewer under a cgroup quota. At least 1.
    pub usable: usize,
    /// The CPUs to pin workers to, in the order of use: one of each core first, then the cores' other
    /// hardware threads. Empty where pinning is not available.
    pub pinnable: Vec<usize>,
}

impl Cpus {
    /// Asks the kernel.
    #[must_use]
    pub fn detect() -> Self {
        // The standard library reads both the affinity mask and the cgroup's quota.
        let usable = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        Self { usable, pinnable: cores_first(&allowed(), siblings) }
    }

    /// The CPU for each of so many workers, or nothing when they cannot all have one of their own:
    /// pinning two workers to one CPU would only hinder the kernel.
    #[must_use]
    pub fn apart(&self, workers: usize) -> Vec<usize> {
        let enough = workers <= self.usable && workers <= self.pinnable.len() && self.usable >= 2;
        if enough { self.pinnable[..workers].to_vec() } else { Vec::new() }
    }
}

/// Keeps the calling thread on one CPU. A CPU that has been taken away since [`Cpus::detect`] is not worth
/// failing a run for: the thread then stays where the kernel puts it.
pub fn pin_current_thread(cpu: usize) {
    #[cfg(target_os = "linux")]
    {
        let mut set = sched::CpuSet::new();
        let _ = set.set(cpu).and_then(|()| sched::sched_setaffinity(Pid::from_raw(0), &set));
    }
    #[cfg(not(target_os = "linux"))]
    let _ = cpu;
}

/// What the processor calls itself; nothing where the kernel does not tell.
#[must_use]
pub fn model() -> Option<String> {
    let told = std::fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = told.lines().find(|line| line.starts_with("model name"))?;
    let name = line.split_once(':')?.1.trim();
    (!name.is_empty()).then(|| name.to_owned())
}

/// The CPUs of the calling thread's affinity mask.
fn allowed() -> Vec<usize> {
    #[cfg(target_os = "linux")]
    {
        let Ok(set) = sched::sched_getaffinity(Pid::from_raw(0)) else { return Vec::new() };
        (0..sched::CpuSet::count()).filter(|&cpu| set.is_set(cpu).unwrap_or(false)).collect()
    }
    #[cfg(not(target_os = "linux"))]
    Vec::new()
}

/// The CPUs that share a core with this one, itself included; empty where the kernel does not tell.
fn siblings(cpu: usize) -> BTreeSet<usize> {
    let path = format!("/sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list");
    std::fs::read_to_string(path).map_or_else(|_| BTreeSet::new(), |list| parse_list(list.trim()))
}

/// Reads the kernel's list form, `0-3,8`.
fn parse_list(list: &str) -> BTreeSet<usize> {
    list.split(',')
        .filter_map(|part| {
            let (low, high) = part.split_once('-').unwrap_or((part, part));
            Some(low.parse::<usize>().ok()?..=high.parse::<usize>().ok()?)
        })
        .flatten()
        .collect()
}

/// Two hardware threads of one core share its execution units, so each core's first comes before any second.
fn cores_first(allowed: &[usize], siblings: impl Fn(usize) -> BTreeSet<usize>) -> Vec<usize> {
    let mut taken = BTreeSet::new();
    let (first, second): (Vec<usize>, Vec<usize>) = allowed.iter().partition(|&&cpu| {
        let free = !taken.contains(&cpu);
        taken.extend(siblings(cpu));
        free
    });
    [first, second].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_at_least_one_cpu() {
        let cpus = Cpus::detect();
        assert!(cpus.usable >= 1);
        assert!(cpus.pinnable.is_empty() || cpus.pinnable.len() >= cpus.usable);
    }

    #[test]
    fn hardware_threads_of_one_core_come_last() {
        let pairs = |cpu: usize| BTreeSet::from([cpu / 2 * 2, cpu / 2 * 2 + 1]);
        assert_eq!(cores_first(&[0, 1, 2, 3], pairs), [0, 2, 1, 3]);
        assert_eq!(cores_first(&[1, 2, 3], pairs), [1, 2, 3]);
        assert_eq!(cores_first(&[0, 1, 5], |_| BTreeSet::new()), [0, 1, 5]);
    }

    #[test]
    fn the_kernels_lists_are_read() {
        assert_eq!(parse_list("0-2,8"), BTreeSet::from([0, 1, 2, 8]));
        assert_eq!(parse_list("3"), BTreeSet::from([3]));
        assert_eq!(parse_list(""), BTreeSet::new());
    }

    #[test]
    fn workers_are_pinned_only_when_each_has_a_cpu() {
        let cpus = Cpus { usable: 2, pinnable: vec![4, 6] };
        assert_eq!(cpus.apart(1), [4]);
        assert_eq!(cpus.apart(2), [4, 6]);
        assert!(cpus.apart(3).is_empty());
        let quota = Cpus { usable: 1, pinnable: vec![0, 1] };
        assert!(quota.apart(1).is_empty());
        assert!(quota.apart(2).is_empty());
    }
}
