//! How many instructions each measured loop takes, counted by Valgrind in the program itself: the same to the instruction
//! each time and on each machine, so that a loop cannot grow unnoticed where times are noisy.
//!
//! `cargo bench --profile release --bench instructions` (or, where there is a release build, `GILSIM_COUNTED=target/release/gilsim
//! cargo bench --profile dev --bench instructions`, which has less to build) holds them against `benches/instructions.json` and ends with 1 where
//! one is another; with `GILSIM_UPDATE_INSTRUCTIONS=1` it writes them there. Instructions are the compiler's choice, so the
//! file names the compilers that it has figures for, and another one is said to be skipped. So is a machine without Valgrind,
//! unless `GILSIM_REQUIRE_VALGRIND=1`.
//!
//! Counted is what stands between a worker's two looks at the clock: the loop, and what comes with each block of it. One worker
//! does so many iterations, and then twice as many; what the second takes more is the figure. So what is done once in a
//! run cancels out. Instructions of shared libraries, which a machine may have another version of, are left out. What remains
//! follows from the program alone, and no tolerance is needed.

#![expect(clippy::print_stdout, reason = "a bench prints its figures")]

use std::collections::BTreeMap;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{LazyLock, Mutex};
use std::{env, fs, thread};

/// The program: the one that `GILSIM_COUNTED` names, or that of this build.
static GILSIM: LazyLock<PathBuf> = LazyLock::new(|| {
    env::var_os("GILSIM_COUNTED").map_or_else(|| env!("CARGO_BIN_EXE_gilsim").into(), PathBuf::from)
});

/// The command lines whose loops are counted.
///
/// Sums are added beside a sequential one, which is counted with them. Waiting is not counted: there is one worker.
const LOOPS: &[&str] = &[
    "race",
    "mutex --lock parking-lot",
    "mutex --lock std",
    "mutex --lock fair",
    "mutex --lock spin",
    "atomic",
    "sharded",
    "gil --cpython 2.7",
    "gil --cpython 3.9",
    "gil --cpython 3.13",
    "gil --cpython 3.14",
    "gil --cpython 3.14t",
    "split --by sequential",
    "split --by thread",
    "split --by gil",
    "refcount --count plain",
    "refcount --count gil",
    "refcount --count mutex",
    "refcount --count atomic",
    "refcount --count biased",
    "refcount --count deferred",
    "refcount --count immortal",
    "refcount --count rc",
    "refcount --count arc",
];

/// The iterations that the second run has more than the first: a whole number of every scenario's blocks.
const ITERATIONS: u64 = 1 << 17;

/// Where counting begins and ends; and where it is interrupted, because what is done there depends on how long the lock was
/// held (a histogram grows with the longest time).
const TOGGLES: [&str; 2] = ["gilsim::measure::start_line::timed*", "gilsim::python::gil::usage::record*"];

/// The instructions for [`ITERATIONS`] iterations, by command line.
type Figures = BTreeMap<String, u64>;

fn main() -> ExitCode {
    run(env::var_os("GILSIM_UPDATE_INSTRUCTIONS").is_some()).unwrap_or_else(|error| {
        println!("error: {error}");
        ExitCode::FAILURE
    })
}

fn run(update: bool) -> Result<ExitCode, Box<dyn Error>> {
    if Command::new("valgrind").arg("--version").stdout(Stdio::null()).status().is_err() {
        if env::var_os("GILSIM_REQUIRE_VALGRIND").is_some() {
            return Err("there is no valgrind, but GILSIM_REQUIRE_VALGRIND is set".into());
        }
        println!("skipped: there is no valgrind to count instructions with");
        return Ok(ExitCode::SUCCESS);
    }
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/instructions.json");
    let mut recorded: BTreeMap<String, Figures> = serde_json::from_str(&fs::read_to_string(&file)?)?;
    let build = build(&GILSIM)?;
    if !update && !recorded.contains_key(&build) {
        println!(
            "skipped: {} has no figures for {build}; GILSIM_UPDATE_INSTRUCTIONS=1 adds them",
            file.display()
        );
        return Ok(ExitCode::SUCCESS);
    }

    let counted = count_all()?;
    let before = recorded.get(&build);
    let mut changed = 0;
    println!("{build}\n{:<28} {:>24}", "", "instructions / iteration");
    for (command, &count) in &counted {
        let was = before.and_then(|before| before.get(command)).copied();
        changed += usize::from(was != Some(count));
        println!("{command:<28} {:>24.4}  {}", each(count), compared(count, was));
    }
    let gone: Vec<&String> = before
        .into_iter()
        .flat_map(Figures::keys)
        .filter(|command| !counted.contains_key(*command))
        .collect();
    for command in &gone {
        println!("{command:<28} {:>24}  is in the file, but not counted any more", "");
    }
    changed += gone.len();
    if update {
        recorded.insert(build, counted);
        fs::write(&file, serde_json::to_string_pretty(&recorded)? + "\n")?;
        println!("{changed} figures changed in {}", file.display());
        return Ok(ExitCode::SUCCESS);
    }
    if changed > 0 {
        println!(
            "{changed} figures are not those of {}; if that is meant, GILSIM_UPDATE_INSTRUCTIONS=1 writes them there",
            file.display()
        );
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}

/// Instructions for one iteration.
fn each(count: u64) -> f64 {
    #[expect(
        clippy::cast_precision_loss,
        reason = "a figure for people; the whole number is what is compared"
    )]
    let (count, iterations) = (count as f64, ITERATIONS as f64);
    count / iterations
}

/// How a count stands to the one before.
fn compared(count: u64, was: Option<u64>) -> String {
    match was {
        Some(was) if count == was => "as recorded".to_owned(),
        Some(was) => {
            let word = if count > was { "MORE" } else { "FEWER" };
            format!("{word} than {:.4} ({was} have become {count} in {ITERATIONS} iterations)", each(was))
        }
        None => "NEW".to_owned(),
    }
}

/// Counts all loops, as many at a time as there are CPUs.
fn count_all() -> Result<Figures, Box<dyn Error>> {
    let next = AtomicUsize::new(0);
    let counted: Mutex<Vec<(&str, Result<u64, String>)>> = Mutex::default();
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while let Some(&command) = LOOPS.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let count = further(command).map_err(|error| format!("{command}: {error}"));
                    counted.lock().expect("no counter panics").push((command, count));
                }
            });
        }
    });
    let counted = counted.into_inner()?;
    counted.into_iter().map(|(command, count)| Ok((command.to_owned(), count?))).collect()
}

/// The instructions for so many more iterations.
fn further(command: &str) -> Result<u64, Box<dyn Error>> {
    let [less, more] = [ITERATIONS, 2 * ITERATIONS].map(|iterations| count(command, iterations));
    let further = more?.checked_sub(less?).filter(|&further| further > 0);
    Ok(further.ok_or(
        "twice the iterations take no more instructions; is the function that is counted still there?",
    )?)
}

/// The instructions of one run of the program between the looks at the clock.
fn count(command: &str, iterations: u64) -> Result<u64, Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let counts = folder.path().join("counts");
    let mut out_file = std::ffi::OsString::from("--callgrind-out-file=");
    out_file.push(&counts);
    let ran = Command::new("valgrind")
        .args(["--tool=callgrind", "--compress-strings=no", "--compress-pos=no"])
        .args(TOGGLES.map(|function| format!("--toggle-collect={function}")))
        .arg(out_file)
        .arg(&*GILSIM)
        .args(command.split_whitespace())
        .args(["--threads", "1", "--runs", "1", "--iters", &iterations.to_string()])
        .output()?;
    if !ran.status.success() {
        return Err(format!("{}: {}", ran.status, String::from_utf8_lossy(&ran.stderr)).into());
    }
    own(&fs::read_to_string(counts)?, &fs::canonicalize(&*GILSIM)?)
}

/// The instructions of one object in what callgrind wrote: the program's, without those of the libraries that it calls.
fn own(counts: &str, object: &Path) -> Result<u64, Box<dyn Error>> {
    let (mut inside, mut total) = (false, 0);
    let mut lines = counts.lines();
    while let Some(line) = lines.next() {
        if let Some(name) = line.strip_prefix("ob=") {
            inside = Path::new(name) == object;
        } else if line.starts_with("calls=") {
            // The line after it has what the called function took, which is counted where that one stands.
            lines.next();
        } else if inside && line.starts_with(|first: char| first.is_ascii_digit()) {
            let (_, cost) = line.split_once(' ').ok_or_else(|| format!("a line without a cost: {line}"))?;
            total += cost.parse::<u64>()?;
        }
    }
    Ok(total)
}

/// The compiler of a program, which leaves its version there, and what it was built for.
fn build(program: &Path) -> Result<String, Box<dyn Error>> {
    const MARK: &[u8] = b"rustc version ";
    let bytes = fs::read(program)?;
    let start = bytes.windows(MARK.len()).position(|window| window == MARK);
    let version = &bytes[start.ok_or("the program does not say which compiler made it")? + MARK.len()..];
    let end = version.iter().position(|&byte| byte == 0).unwrap_or(version.len());
    let version = std::str::from_utf8(&version[..end])?;
    Ok(format!("rustc {version} for {} {}", env::consts::ARCH, env::consts::OS))
}
