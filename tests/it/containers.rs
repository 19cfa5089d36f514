//! The surroundings that containers give: fewer CPUs than the machine has, no `/proc`, nothing to write to.

use crate::surroundings::{Ran, Scene, not_tried, program};
use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;

/// Something of everything that needs the system.
const COMMANDS: [&str; 9] = [
    "race --iters 10k --runs 1",
    "mutex --iters 10k --threads 5 --runs 1",
    "gil --iters 10k --runs 1",
    "split --iters 10k --runs 1",
    "split --iters 10k --by rayon --runs 1",
    "compare --iters 1k --runs 1",
    "convoy --pings 3",
    "explore --replay",
    "list",
];

fn cpus_of(scene: &Scene) -> u64 {
    let ran = scene.run("atomic --iters 1k --runs 1 --format json");
    ran.is_well();
    crate::schema::read(&ran.stdout)["cpus"].as_u64().unwrap()
}

#[test]
fn a_cpu_that_affinity_takes_away_is_not_counted() {
    // On a thread of its own, whose affinity its children inherit.
    let cpus = thread::spawn(|| {
        let allowed = sched_getaffinity(Pid::from_raw(0)).unwrap();
        let first = (0..CpuSet::count()).find(|&cpu| allowed.is_set(cpu).unwrap()).unwrap();
        let mut one = CpuSet::new();
        one.set(first).unwrap();
        sched_setaffinity(Pid::from_raw(0), &one).unwrap();
        cpus_of(&Scene::shell("true"))
    });
    assert_eq!(cpus.join().unwrap(), 1);
}

/// A control group with another one in it, both removed again.
struct Groups(PathBuf);

impl Groups {
    /// Makes them under a hierarchy, and gives the outer one as much as one CPU.
    fn with_one_cpu(hierarchy: &Path, quota: &str, period: Option<&str>) -> std::io::Result<Self> {
        let outer = hierarchy.join(format!("gilsim-test-{}", std::process::id()));
        fs::create_dir(&outer)?;
        let groups = Self(outer);
        if let Some(period) = period {
            fs::write(groups.0.join(period), "100000")?;
            fs::write(groups.0.join(quota), "100000")?;
        } else {
            fs::write(groups.0.join(quota), "100000 100000")?;
        }
        fs::create_dir(groups.inner())?;
        Ok(groups)
    }

    fn inner(&self) -> PathBuf {
        self.0.join("inner")
    }
}

impl Drop for Groups {
    fn drop(&mut self) {
        let _ = fs::remove_dir(self.inner());
        let _ = fs::remove_dir(&self.0);
    }
}

#[test]
fn the_quota_of_a_control_group_around_ones_own_counts() {
    let version_1 =
        Groups::with_one_cpu(Path::new("/sys/fs/cgroup/cpu"), "cpu.cfs_quota_us", Some("cpu.cfs_period_us"));
    let groups = version_1.or_else(|_| Groups::with_one_cpu(Path::new("/sys/fs/cgroup"), "cpu.max", None));
    let groups = match groups {
        Ok(groups) => groups,
        Err(error) => return not_tried("a quota on CPUs", &format!("no control group can be made: {error}")),
    };
    let join = format!("echo $$ > {}/cgroup.procs", groups.inner().display());
    if !Command::new("sh").args(["-c", &join]).stderr(Stdio::null()).status().unwrap().success() {
        return not_tried("a quota on CPUs", "a process cannot be moved to the control group");
    }
    assert_eq!(cpus_of(&Scene::shell(&join)), 1);
}

#[test]
fn all_works_without_proc() {
    let scene = match Scene::mounts("mount -t tmpfs none /proc") {
        Ok(scene) => scene,
        Err(why) => return not_tried("no /proc", &why),
    };
    for command in COMMANDS {
        scene.run(command).is_well();
    }
    // Found by its name alone, as a shell finds it.
    let file = program();
    let mut by_name = scene.command(Path::new("gilsim"), "split --iters 10k --runs 1 --quiet");
    let folders = [file.parent().unwrap(), Path::new("/usr/bin"), Path::new("/bin"), Path::new("/usr/sbin")];
    by_name.env("PATH", std::env::join_paths(folders).unwrap());
    let ran = Ran::of(by_name, "gilsim by its name");
    ran.is_well();
    assert_eq!(ran.stdout, "49995000\n");
    // Where a limit on the address space cannot be held against what is taken, it is found out by trying.
    for kilobytes in [60_000, 80_000, 141_000] {
        let limit = format!("mount -t tmpfs none /proc; ulimit -v {kilobytes}");
        let Ok(scene) = Scene::mounts(&limit) else { continue };
        scene.run("atomic --iters 1 --runs 1 --quiet --threads 200").runs_or_says_why_not("could not start");
    }
}

#[test]
fn all_works_where_nothing_can_be_written() {
    let scene = match Scene::mounts(
        "mount -o remount,bind,ro /; if touch /tmp/gilsim-test 2>/dev/null; then exit 1; fi",
    ) {
        Ok(scene) => scene,
        Err(why) => return not_tried("a read-only system", &why),
    };
    for command in COMMANDS {
        scene.run(command).is_well();
    }
    scene.run("list").is_well();
    scene.run("race --export /tmp/gilsim-test.json").says_why_not(1, "could not write /tmp/gilsim-test.json");
}

#[test]
fn all_works_with_no_environment_and_in_the_c_locale() {
    for variables in [&[][..], &[("LANG", "C"), ("LC_ALL", "C"), ("TERM", "dumb"), ("HOME", "/nonexistent")]]
    {
        for line in COMMANDS {
            let mut command = Command::new(program());
            command
                .args(line.split_whitespace())
                .env_clear()
                .envs(variables.iter().copied())
                .stdin(Stdio::null());
            let ran = Ran::of(command, line);
            ran.is_well();
            assert!(!ran.stdout.contains('\u{1b}'), "{line}");
        }
    }
    let mut command = Command::new(program());
    command.arg("verify").env_clear();
    Ran::of(command, "verify").says_why_not(1, "name one with --python");
}
