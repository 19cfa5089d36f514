//! How much memory there is to use.

use memmap2::MmapOptions;
use nix::sys::resource::{RLIM_INFINITY, Resource, getrlimit};
use std::fs;
use std::path::{Path, PathBuf};

/// Bytes that can be taken without pushing others out: what the kernel says is available, or less where a control group
/// allows less. Nothing where the kernel does not tell.
#[must_use]
pub fn available() -> Option<u64> {
    let machine = fs::read_to_string("/proc/meminfo").ok().and_then(|text| figure(&text, "MemAvailable:"));
    let groups = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    machine.into_iter().chain(left_by_groups(Path::new("/sys/fs/cgroup"), &groups)).min()
}

/// Where one version of control groups keeps what concerns memory.
struct Hierarchy {
    /// How `/proc/self/cgroup` calls it.
    controller: &'static str,
    /// Its folder among the groups.
    mount: &'static str,
    limit: &'static str,
    used: &'static str,
    /// What of that is files' contents which nobody has asked for lately, as `memory.stat` calls it.
    idle: &'static str,
}

const HIERARCHIES: [Hierarchy; 2] = [
    Hierarchy {
        controller: "",
        mount: "",
        limit: "memory.max",
        used: "memory.current",
        idle: "inactive_file",
    },
    Hierarchy {
        controller: "memory",
        mount: "memory",
        limit: "memory.limit_in_bytes",
        used: "memory.usage_in_bytes",
        idle: "total_inactive_file",
    },
];

/// What the groups of this process leave it, its own and those around it. Within a container the outermost that can be
/// seen is the container's, whatever its name is outside.
fn left_by_groups(root: &Path, groups: &str) -> Option<u64> {
    let own = |hierarchy: &Hierarchy| {
        let mut named = groups.lines().filter_map(|line| {
            let (controllers, group) = line.split_once(':')?.1.split_once(':')?;
            controllers.split(',').any(|it| it == hierarchy.controller).then_some(group)
        });
        PathBuf::from(named.next().unwrap_or("/"))
    };
    let left = |hierarchy: &Hierarchy, folder: &Path| {
        let read = |name| fs::read_to_string(folder.join(name)).ok();
        let number = |name| read(name)?.trim().parse::<u64>().ok();
        let stat = read("memory.stat").unwrap_or_default();
        let idle = stat.lines().find_map(|line| line.strip_prefix(hierarchy.idle)?.trim().parse().ok());
        let used = number(hierarchy.used)?.saturating_sub(idle.unwrap_or(0));
        Some(number(hierarchy.limit)?.saturating_sub(used))
    };
    let all = HIERARCHIES.iter().flat_map(|hierarchy| {
        let own = own(hierarchy);
        let groups: Vec<PathBuf> = own.ancestors().map(|group| group.iter().skip(1).collect()).collect();
        groups.into_iter().filter_map(move |group| left(hierarchy, &root.join(hierarchy.mount).join(group)))
    });
    all.min()
}

/// Whether the address space of this process is limited (`ulimit -v`).
#[must_use]
pub fn address_space_is_limited() -> bool {
    getrlimit(Resource::RLIMIT_AS).is_ok_and(|(soft, _)| soft != RLIM_INFINITY)
}

/// Whether there is so much address space in one piece, in bytes. It is asked of the kernel, which has it back at once;
/// the allocator would keep it for the calling thread.
#[must_use]
pub fn fits(bytes: usize) -> bool {
    MmapOptions::new().len(bytes).map_anon().is_ok()
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
    fn the_groups_own_limits_count_and_idle_files_do_not() {
        let root = tempfile::tempdir().unwrap();
        let group = |path: &str, files: [(&str, &str); 3]| {
            let folder = root.path().join(path);
            fs::create_dir_all(&folder).unwrap();
            for (name, text) in files {
                fs::write(folder.join(name), text).unwrap();
            }
        };
        let left = |groups: &str| left_by_groups(root.path(), groups);
        assert_eq!(left("0::/a/b\n"), None);
        let v2 =
            |max, current, idle| [("memory.max", max), ("memory.current", current), ("memory.stat", idle)];
        group("a", v2("5000\n", "1000\n", "file 900\ninactive_file 300\n"));
        group("a/b", v2("max\n", "1000\n", "inactive_file 0\n"));
        assert_eq!(left("1:cpu,memory:/else\n0::/a/b\n"), Some(5000 - (1000 - 300)));
        group("a/b/c", v2("2000\n", "1500\n", ""));
        assert_eq!(left("0::/a/b/c\n"), Some(500));
        // The group's name outside of a container says nothing within.
        assert_eq!(left("0::/outside/name\n"), None);
        group("", v2("700\n", "800\n", ""));
        assert_eq!(left("0::/outside/name\n"), Some(0));

        let v1 = |limit, usage, idle| {
            [("memory.limit_in_bytes", limit), ("memory.usage_in_bytes", usage), ("memory.stat", idle)]
        };
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("memory/job");
        fs::create_dir_all(&folder).unwrap();
        for (name, text) in v1("9000\n", "4000\n", "inactive_file 1\ntotal_inactive_file 1000\n") {
            fs::write(folder.join(name), text).unwrap();
        }
        assert_eq!(left_by_groups(root.path(), "4:cpu:/x\n3:hugetlb,memory:/job\n"), Some(6000));
    }

    #[test]
    fn what_does_not_fit_is_not_said_to() {
        assert!(fits(1 << 20) && !fits(1 << 60) && !fits(usize::MAX));
    }

    #[test]
    fn the_kernels_figure_is_read() {
        assert_eq!(figure("MemTotal: 9 kB\nMemAvailable:   1024 kB\n", "MemAvailable:"), Some(1 << 20));
        assert_eq!(figure("MemTotal: 9 kB\n", "MemAvailable:"), None);
        assert_eq!(figure("MemAvailable: many\n", "MemAvailable:"), None);
    }
}
