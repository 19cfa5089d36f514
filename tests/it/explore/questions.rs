//! Programs and questions that several tests ask.

use gilsim::explore::{Explored, Limits, Question, Switching};
use gilsim::measure::Pattern;
use gilsim::python::program::Program;
use gilsim::python::version::Version;
use gilsim::system::control::Control;
use num_bigint::BigUint;

pub(super) fn program(body: &str, setup: &str, version: Version) -> Program {
    Program::compile(body, setup, version).unwrap()
}

pub(super) fn machine(program: &Program, workers: usize, iterations: u64, pattern: Pattern) -> Question<'_> {
    Question { program, switching: Switching::Machine, workers, iterations, pattern }
}

pub(super) fn explore<'p>(question: &Question<'p>) -> Explored<'p> {
    question.explore(&Limits::default(), &Control::default(), &mut |_| {}).unwrap()
}

pub(super) fn binomial(n: u64, k: u64) -> BigUint {
    (1..=k).fold(BigUint::from(1_u32), |product, i| product * (n - k + i) / i)
}

/// Two locks taken in opposite orders.
pub(super) const CROSSED: &str = "\
import threading
a = threading.Lock()
b = threading.Lock()
def f():
    with a:
        with b:
            return 1
def g():
    with b:
        with a:
            return -1
";
