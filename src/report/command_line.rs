//! The command line that does what a row shows.

use crate::measure::{Group, Scenario, Workload};
use crate::python::version::SWITCH_INTERVAL;
use crate::system::shell::quoted;

/// The command line that does this alone.
pub(super) fn alone(scenario: &dyn Scenario, load: &Workload) -> String {
    let mut options = scenario.options(load);
    let mut add = |option: &str, value: String| options.extend([option.to_owned(), value]);
    if let Some(interval) = scenario.switch_interval(load).filter(|&interval| interval != SWITCH_INTERVAL) {
        add("--switch-interval", format!("{}us", interval.as_nanos().div_ceil(1000)));
    }
    if let Some(widen) = load.widen.filter(|_| scenario.can_be_widened()) {
        add("--widen", widen.to_string());
    } else if may_be_widened(scenario, load) {
        add("--widen", "off".to_owned());
    }
    let launcher = scenario.launcher(load);
    if scenario.can_be_pinned()
        && launcher.is_none()
        && load.pins.is_empty()
        && !load.cpus.apart(load.workers.get()).is_empty()
    {
        add("--pin", "off".to_owned());
    }
    if load.record {
        options.push("--timeline".to_owned());
    }
    let launcher = launcher.map_or_else(String::new, |words| words + " ");
    let start = format!("{launcher}gilsim {}", scenario.name());
    options.iter().fold(start, |line, word| line + " " + &quoted(word))
}

/// Whether a workload would be widened if that were not turned off: with more workers than CPUs, and references always.
fn may_be_widened(scenario: &dyn Scenario, load: &Workload) -> bool {
    let workers = load.workers.get();
    scenario.can_be_widened()
        && load.widen.is_none()
        && workers > 1
        && (workers > load.cpus.usable || scenario.group() == Group::References)
}
