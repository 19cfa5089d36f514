//! Programs as people write and teach them (`tests/programs`): what the model says of each, and how many it takes.

use gilsim::python::check::{CheckError, Kind, check};
use gilsim::python::version::Version;
use gilsim::system::control::Control;
use std::fs;
use std::path::PathBuf;

/// Those that the model does not take, each with what it names as the reason.
const REFUSED: [(&str, &str); 4] = [
    ("hit_counter_decorator", "setting the attribute calls"),
    ("lru_cache", "OrderedDict of the module collections"),
    ("process_pool", "Pool of the module multiprocessing"),
    ("singleton_new", "the special method __new__"),
];

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/programs")
}

fn verdicts(name: &str, versions: &[Version]) -> Result<Vec<Kind>, CheckError> {
    let text = fs::read_to_string(folder().join(format!("{name}.py"))).unwrap();
    let checked = check(&text, versions, 2, &Control::default())?;
    Ok(checked.findings.iter().map(|finding| finding.kind).collect())
}

#[test]
fn programs_that_were_held_against_real_interpreters() {
    use Kind::{Deadlocks, Differs, Exact, Loses, Raises};
    let versions = [Version::V3_9, Version::V3_13, Version::V3_14, Version::V3_13t];
    for (name, wanted) in [
        ("best_score", [Loses, Exact, Exact, Loses]),
        ("bounded_buffer", [Exact; 4]),
        ("cache_eviction", [Raises, Exact, Exact, Raises]),
        ("connection_pool", [Loses; 4]),
        ("context_counter", [Exact; 4]),
        ("corners", [Exact; 4]),
        ("daemon_ticker", [Exact; 4]),
        ("dataclass_account", [Loses; 4]),
        ("dataclass_text", [Exact; 4]),
        ("dict_iteration", [Raises; 4]),
        ("futures_sum", [Loses, Exact, Exact, Loses]),
        ("group_by", [Exact; 4]),
        ("inventory", [Loses, Exact, Exact, Loses]),
        ("lazy_attribute", [Loses; 4]),
        ("lock_per_call", [Loses, Exact, Exact, Loses]),
        ("lock_timeout", [Exact; 4]),
        ("log_numbers", [Loses; 4]),
        ("logged_database", [Loses; 4]),
        ("memo_cache", [Loses, Exact, Exact, Loses]),
        ("merge_results", [Exact; 4]),
        ("observers", [Loses; 4]),
        ("ordered_locks", [Exact; 4]),
        ("philosophers", [Deadlocks, Exact, Deadlocks, Deadlocks]),
        ("ping_pong", [Exact; 4]),
        ("pool_exceptions", [Exact; 4]),
        ("pool_names", [Exact; 4]),
        ("print_ends", [Exact; 4]),
        ("process_list", [Exact; 4]),
        ("process_value_lock", [Exact; 4]),
        ("random_sleep", [Loses, Exact, Exact, Loses]),
        ("register_once", [Loses, Loses, Exact, Loses]),
        ("rw_config", [Loses, Exact, Exact, Loses]),
        ("seats", [Loses; 4]),
        ("shared_generator", [Raises; 4]),
        ("stack_half_locked", [Raises; 4]),
        ("thread_names", [Exact; 4]),
        ("timed_requests", [Loses; 4]),
        ("toggle", [Loses, Exact, Exact, Loses]),
        ("two_queues", [Exact; 4]),
        ("typed_account", [Loses, Exact, Exact, Loses]),
        ("uncaught_texts", [Exact; 4]),
        ("unnamed_threads", [Exact; 4]),
        ("word_counter", [Loses, Loses, Loses, Loses]),
        ("worker_queue", [Differs; 4]),
        ("wrong_lock", [Loses; 4]),
    ] {
        assert_eq!(verdicts(name, &versions).unwrap(), wanted, "{name}");
    }
}

#[test]
fn nine_in_ten_programs_are_taken() {
    let mut programs = 0;
    for entry in fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "py") {
            continue;
        }
        programs += 1;
        let name = path.file_stem().unwrap().to_str().unwrap();
        let refused = REFUSED.iter().find(|(known, _)| *known == name);
        match (verdicts(name, &[Version::V3_13]), refused) {
            (Ok(_), None) => {}
            (Err(error), Some((_, reason))) => {
                assert!(error.to_string().contains(reason), "{name}: {error}");
            }
            (found, _) => panic!("{name}: {found:?}"),
        }
    }
    assert!(programs >= 70 && REFUSED.len() * 10 <= programs, "{programs}");
}
