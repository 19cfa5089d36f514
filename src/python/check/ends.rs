//! Every end that a program can come to, to be held against many runs of real interpreters.

use std::collections::BTreeSet;

use super::ending::Ending;
use super::machine::{Beyond, KNOWN};
use super::pause::{Bounds, Switching, Unfinished};
use super::reduction::parse;
use super::search::Search;
use super::small::Scope;
use super::verdict::CheckError;
use crate::python::program::compile_module;
use crate::python::version::Version;
use crate::system::control::Control;

/// How many instructions a search may do for each of its states.
const STEPS: u64 = 25;

/// What can be seen of an end.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct End {
    /// The lines that were printed, in alphabetical order.
    pub printed: Vec<String>,
    /// The exceptions that nothing met, as they are printed, in alphabetical order.
    pub raised: Vec<String>,
    /// Whether threads wait for each other without end.
    pub waits: bool,
}

impl End {
    fn of(ending: &Ending) -> Self {
        let mut raised: Vec<String> = ending.uncaught.iter().map(ToString::to_string).collect();
        raised.sort();
        Self {
            printed: ending.printed.iter().map(ToString::to_string).collect(),
            raised,
            waits: !ending.waiting.is_empty(),
        }
    }
}

/// The ends of all schedules of a program, with its calls specialised and before that; nothing if it has more than so many states.
///
/// # Errors
///
/// If the program is not Python, or not covered; if a stop was asked for.
pub fn ends(
    text: &str,
    version: Version,
    scope: impl Into<Scope>,
    states: usize,
    control: &Control,
) -> Result<Option<BTreeSet<End>>, CheckError> {
    let (stmts, small) = parse(text, scope.into())?;
    let bounds = Bounds { states, steps: STEPS * states as u64, control };
    let mut all = BTreeSet::new();
    for warm in [true, false] {
        let mut module = compile_module(&stmts, text, version, &KNOWN, warm)?;
        module.rounds = small.rounds;
        match Search::new(&module, Switching::DropPoints).run(&bounds, None) {
            Ok(endings) => all.extend(endings.iter().map(|(ending, _)| End::of(ending))),
            Err(Unfinished::Limit(_)) => return Ok(None),
            Err(Unfinished::Stopped) => return Err(CheckError::Stopped),
            Err(Unfinished::Beyond(Beyond { what, place })) => {
                return Err(CheckError::Beyond { what, place });
            }
        }
    }
    Ok(Some(all))
}
