//! Where reports go.

use crate::surroundings::{Scene, is_root, not_tried, program};
use crate::{gilsim, output_of, schema, wait_until};
use predicates::str::contains;
use serde_json::Value;
use std::fs;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

#[test]
fn every_export_is_written_in_the_form_of_its_ending() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let mut command = gilsim("atomic --iters 1k --runs 3 --quiet");
    for name in ["a.json", "a.csv", "a.md", "a.txt"] {
        command.arg("--export").arg(path(name));
    }
    command.assert().success().stdout("0\n");
    let json: Value = schema::read(fs::read(path("a.json")).unwrap());
    assert_eq!(json["schema"], 1);
    assert_eq!(json["results"][0]["times"].as_array().unwrap().len(), 3);
    assert!(
        fs::read_to_string(path("a.csv"))
            .unwrap()
            .starts_with("command,mean,stddev,median,user,system,min,max,")
    );
    for (name, heading) in [("a.md", "| atomic"), ("a.txt", "atomic: ")] {
        let heading = if cfg!(debug_assertions) { "built without" } else { heading };
        assert!(fs::read_to_string(path(name)).unwrap().starts_with(heading), "{name}");
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 4, "a file was left behind");
}

#[test]
fn an_export_that_cannot_be_written_is_refused_before_any_work() {
    // So many updates that the test would not end if they were begun.
    let ran = Scene::shell("true").run("atomic --iters 1e18 --export /nowhere/at/all.json");
    ran.says_why_not(1, "error: could not write /nowhere/at/all.json");
    assert_eq!(ran.stdout, "");
}

#[test]
fn standard_output_can_be_an_export() {
    let output = gilsim("atomic --iters 1k --runs 1 --export -").assert().success();
    let output = output.get_output();
    schema::read(&output.stdout);
    assert!(String::from_utf8_lossy(&output.stderr).contains("verdict"));
}

#[test]
fn a_full_device_is_an_error() {
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = Command::new(assert_cmd::cargo::cargo_bin!("gilsim"))
        .args(["atomic", "--iters", "1k", "--runs", "1"])
        .stdout(full)
        .stderr(Stdio::piped())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).starts_with("error: could not write to standard output"));
}

#[test]
fn a_reader_who_leaves_early_is_no_error() {
    let mut child = Command::new(assert_cmd::cargo::cargo_bin!("gilsim"))
        .args(["atomic", "--iters", "1k", "--runs", "1", "--format", "json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let mut errors = String::new();
    child.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_eq!(errors, "");
}

#[test]
fn the_json_bears_what_scripts_for_hyperfine_read() {
    let output = gilsim("split --iters 10k --runs 2 --format json").assert().success();
    let report: Value = schema::read(&output.get_output().stdout);
    for row in report["results"].as_array().unwrap() {
        assert!(row["command"].as_str().unwrap().starts_with("gilsim split --by "));
        for field in ["mean", "stddev", "median", "min", "max"] {
            assert!(row[field].is_number(), "{field}");
        }
        for field in ["user", "system"] {
            // Runs as short as these are too short for the kernel's clock ticks to tell, and 0 would be a lie.
            assert!(row[field].is_null(), "{field}: {}", row[field]);
        }
        assert!(row["cpu"].as_f64().unwrap() > 0.0);
        let times: Vec<f64> =
            row["times"].as_array().unwrap().iter().map(|time| time.as_f64().unwrap()).collect();
        let mean = times.iter().sum::<f64>() / 2.0;
        assert!((row["mean"].as_f64().unwrap() - mean).abs() < 1e-12);
    }
}

/// Each form of output that a command has.
const FORMS: [&str; 9] = [
    "atomic --iters 1k --runs 1",
    "atomic --iters 1k --runs 1 --format json",
    "atomic --iters 1k --runs 1 --format csv",
    "atomic --iters 1k --runs 1 --format markdown",
    "atomic --iters 1k --runs 1 --quiet",
    "explore --iters 1",
    "list",
    "--help",
    "--version",
];

#[test]
fn no_form_of_output_passes_over_a_full_device() {
    for line in FORMS {
        Scene::shell("exec > /dev/full").run(line).says_why_not(1, "could not write to standard output");
    }
}

#[test]
fn no_form_of_output_minds_a_reader_who_leaves() {
    for line in FORMS {
        let mut child = Scene::shell("true")
            .command(&program(), line)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!((output.status.code(), output.stderr), (Some(0), Vec::new()), "{line}");
    }
}

/// What stands there must stand there still, with nothing beside it, and the reason be told.
fn leaves_all_as_it_was(scene: &Scene, reason: &str) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("report.json");
    fs::write(&path, "before").unwrap();
    let ran = scene.run(&format!("atomic --iters 1k --runs 1 --quiet --export {}", path.display()));
    ran.says_why_not(1, reason);
    assert_eq!(fs::read_to_string(&path).unwrap(), "before");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "a file was left behind");
}

#[test]
fn a_file_that_may_not_grow_is_an_error_and_no_crash() {
    leaves_all_as_it_was(&Scene::shell("ulimit -f 0"), "(ulimit -f)");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out");
    let script = format!("ulimit -f 0; exec > {}", path.display());
    Scene::shell(&script).run("list").says_why_not(1, "could not write to standard output");
}

#[test]
fn a_full_disk_leaves_the_old_file() {
    let script = "mount -t tmpfs -o size=64k none /mnt; cat /dev/zero > /mnt/filler 2>/dev/null || true; test -s /mnt/filler";
    match Scene::mounts(script) {
        Ok(scene) => scene
            .run("atomic --iters 1k --runs 1 --quiet --export /mnt/report.json")
            .says_why_not(1, "make room, or choose a file elsewhere"),
        Err(why) => return not_tried("a full disk", &why),
    }
    // The old file and what is beside it can be seen only from within, so there the shell looks at them.
    let script = format!(
        "mount -t tmpfs -o size=64k none /mnt; echo before > /mnt/report.json; cat /dev/zero > /mnt/filler 2>/dev/null || true; \
         {} atomic --iters 1k --runs 1 --quiet --export /mnt/report.json >/dev/null 2>&1 || true; \
         test \"$(cat /mnt/report.json)\" = before; test \"$(ls -A /mnt | wc -l)\" = 2",
        program().display()
    );
    assert_eq!(Scene::mounts(&script).err(), None);
}

#[test]
fn a_folder_that_cannot_be_written_to_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o555)).unwrap();
    // Permissions do not bind root, a mount does.
    let scene = if is_root() {
        match Scene::mounts("mount --bind /mnt /mnt; mount -o remount,bind,ro /mnt") {
            Ok(scene) => scene,
            Err(why) => return not_tried("a read-only folder", &why),
        }
    } else {
        Scene::shell("true")
    };
    let folder = if is_root() { Path::new("/mnt") } else { folder.path() };
    let path = folder.join("report.json");
    // So many updates that the test would not end if they were begun.
    scene
        .run(&format!("atomic --iters 1e18 --export {}", path.display()))
        .says_why_not(1, "choose a file in a folder that you may write to");
}

#[test]
fn an_export_to_a_device_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let link = |name: &str, target: &str| {
        let path = folder.path().join(name);
        std::os::unix::fs::symlink(target, &path).unwrap();
        path.display().to_string()
    };
    let links =
        [link("null.json", "/dev/null"), link("full.json", "/dev/full"), link("out.json", "/dev/stdout")];
    let names = ["/dev/null", "/dev/full", "/dev/stdout", "/dev/stderr", "/dev/fd/1", "/proc/self/fd/1"];
    for path in links.iter().map(String::as_str).chain(names) {
        // So many updates that the test would not end if they were begun.
        let ran = Scene::shell("true").run(&format!("atomic --iters 1e18 --export {path}"));
        ran.says_why_not(2, &format!("{path} is a device"));
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3, "a file was left behind");
}

#[test]
fn a_closed_standard_output_is_told_before_any_work() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("report.json");
    let close = Scene::shell("exec >&-");
    for line in ["--help", "list --quiet", "race --help", "explore --iters 1", "convoy --quiet"] {
        close.run(line).says_why_not(1, "standard output is closed");
    }
    // So many updates that the test would not end if they were begun.
    close.run(&format!("atomic --iters 1e18 --export {}", path.display())).says_why_not(1, "is closed");
    assert!(!path.exists());
    assert_eq!(Scene::shell("exec >/dev/null").run("list").code, Some(0));
    assert_eq!(Scene::shell("exec <&-").run("list").code, Some(0));
}

#[test]
fn a_named_pipe_takes_an_export() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pipe.json");
    assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
    let reader = std::thread::spawn({
        let path = path.clone();
        move || fs::read_to_string(path).unwrap()
    });
    gilsim(&format!("atomic --iters 1k --runs 1 --quiet --export {}", path.display())).assert().success();
    schema::read(reader.join().unwrap());
}

#[test]
fn a_run_that_is_killed_leaves_no_file_behind() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("report.json");
    let line = format!("atomic --iters 1e15 --export {}", path.display());
    let mut child = Scene::shell("true").command(&program(), &line).stdout(Stdio::null()).spawn().unwrap();
    // It is at work when it has come past the exports, to its workers.
    wait_until("workers", || {
        fs::read_dir(format!("/proc/{}/task", child.id())).map_or(0, Iterator::count) >= 4
    });
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_link_stays_a_link_and_a_file_keeps_its_rights() {
    let folder = tempfile::tempdir().unwrap();
    let (link, file) = (folder.path().join("link.json"), folder.path().join("file.json"));
    std::os::unix::fs::symlink("file.json", &link).unwrap();
    // First there is nothing at the link's end, then a file that only its owner may read.
    for _ in 0..2 {
        output_of(&format!("atomic --iters 1k --runs 1 --export {}", link.display()));
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert!(fs::read_to_string(&file).unwrap().starts_with('{'));
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        fs::write(&file, "before").unwrap();
    }
    output_of(&format!("atomic --iters 1k --runs 1 --export {}", link.display()));
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn the_result_alone_goes_with_the_reason_why_it_is_none() {
    for command in ["convoy --pings 2", "compare atomic --iters 1k --runs 1"] {
        gilsim(&format!("{command} --quiet --python /bin/false"))
            .assert()
            .code(1)
            .stdout(contains("failed"))
            .stderr(contains("failed: /bin/false: not a Python"));
    }
}
