//! How much memory there is to use.

use nix::sys::resource::{RLIM_INFINITY, Resource, getrlimit};
use std::fs;

/// Bytes that can be taken without pushing others out: what the kernel says is available, or less where a cgroup
/// allows less. Nothing where the kernel does not tell.
#[must_use]
pub fn available() -> Option<u64> {
    let machine = fs::read_to_string("/proc/meminfo").ok().and_then(|text| figure(&text, "MemAvailable:"));
    let cgroup = [
        ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),
        ("/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.usage_in_bytes"),
    ]
    .into_iter()
    .find_map(|(limit, used)| {
        let read = |path| fs::read_to_string(path).ok()?.trim().parse::<u64>().ok();
        Some(read(limit)?.saturating_sub(read(used)?))
    });
    machine.into_iter().chain(cgroup).min()
}

/// How much address space there is left, in bytes, where that is limited (`ulimit -v`) and the kernel tells how much
/// is taken.
#[must_use]
pub fn address_space_left() -> Option<usize> {
    let (limit, _) = getrlimit(Resource::RLIMIT_AS).ok().filter(|&(soft, _)| soft != RLIM_INFINITY)?;
    let taken = fs::read_to_string("/proc/self/status").ok().and_then(|text| figure(&text, "VmSize:"))?;
    usize::try_from(limit.saturating_sub(taken)).ok()
}

/// The figure of that name in bytes, in one of the kernel's tables.
fn figure(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_figure_is_read() {
        assert_eq!(figure("MemTotal: 9 kB\nMemAvailable:   1024 kB\n", "MemAvailable:"), Some(1 << 20));
        assert_eq!(figure("MemTotal: 9 kB\n", "MemAvailable:"), None);
        assert_eq!(figure("MemAvailable: many\n", "MemAvailable:"), None);
    }
}
