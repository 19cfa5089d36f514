//! What programs get at, in order, and where they look at the eval breaker in between, beside what real interpreters do: instruction by
//! instruction, as `sys.monitoring` tells it (3.12 and later).

use crate::differential::generator::compare::run_script;
use crate::differential::generator::program::program;
use crate::interpreter::real;
use crate::surroundings::not_tried;
use gilsim::python::check::{Executed, run_alone};
use gilsim::python::version::Version;
use gilsim::scenario::python::modelled;

/// The most instructions of one program.
const STEPS: u64 = 20_000;
/// How many generated programs there are.
const GENERATED: u64 = 60;

/// Stands for `threading.Thread`: the thread that starts it does its work.
const AT_ONCE: &str = "
class AtOnce(object):
    def __init__(self, group=None, target=None, name=None, args=(), kwargs=None, daemon=None):
        self.target = target
        self.args = args
        self.kwargs = kwargs or {}
        self.name = name
    def start(self):
        if self.target is not None:
            self.target(*self.args, **self.kwargs)
        else:
            self.run()
    def join(self, timeout=None):
        pass
";

/// A look at the eval breaker, or none, and what is got at then.
type Pair = (String, String);

/// The programs of `tests/programs` with threads that do their work at once, and few iterations.
fn of_threads() -> Vec<String> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/programs");
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let python = paths.into_iter().filter(|path| path.extension().is_some_and(|extension| extension == "py"));
    let texts = python.map(|path| std::fs::read_to_string(path).unwrap());
    // Of what the library writes itself there is no trace, __future__ has to come first, and nobody asks for the text of an exception here.
    let untold = ["time.sleep", "dataclass", "__future__", "__str__"];
    let texts = texts
        .filter(|text| text.contains("threading.Thread") && !untold.iter().any(|word| text.contains(word)));
    texts.map(|text| format!("{AT_ONCE}{}", with_few(&text.replace("threading.Thread", "AtOnce")))).collect()
}

/// A text in which each number of three digits or more is a small one.
fn with_few(text: &str) -> String {
    let mut few = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(|letter: char| letter.is_ascii_digit()) {
        few.push_str(&rest[..at]);
        let number: String = rest[at..].chars().take_while(|it| it.is_ascii_digit() || *it == '_').collect();
        few.push_str(if number.len() > 2 { "3" } else { &number });
        rest = &rest[at + number.len()..];
    }
    few + rest
}

/// So many generated programs, and those of `tests/programs` in one thread.
pub(crate) fn texts(generated: u64) -> Vec<String> {
    (1..=generated).map(|seed| program(seed).0).chain(of_threads()).collect()
}

/// What an instruction gets at, if it is told of real ones, too.
fn access(opcode: &str, argument: &str) -> Option<String> {
    let kind = match opcode {
        "LOAD_GLOBAL" | "LOAD_NAME" => "load",
        "STORE_GLOBAL" | "STORE_NAME" => "store",
        "LOAD_ATTR" | "LOAD_SUPER_ATTR" => "load attribute",
        "STORE_ATTR" => "store attribute",
        "LOAD_DEREF" => "load cell",
        "STORE_DEREF" => "store cell",
        "STORE_SUBSCR" => return Some("store element".to_owned()),
        "DELETE_SUBSCR" => return Some("delete element".to_owned()),
        "FOR_ITER" => return Some("next".to_owned()),
        "CONTAINS_OP" => return Some("in".to_owned()),
        _ => return None,
    };
    let name = argument.split([' ', '+']).next().unwrap_or_default();
    let exception = name.strip_prefix('e').is_some_and(|digits| digits.parse::<u32>().is_ok());
    let untold = exception || matches!(name, "super" | "print_function" | "__name__" | "__class__");
    (!untold).then(|| format!("{kind} {name}").trim().to_owned())
}

/// What the model does; nothing if the program is beyond it, or goes on for too long.
fn of_model(text: &str, version: Version) -> Option<Vec<Pair>> {
    let alone = run_alone(text, version, STEPS).ok().filter(|alone| !alone.endless)?;
    let (mut pairs, mut look) = (Vec::new(), "");
    for step in &alone.trace {
        match step {
            Executed::Look => look = "C",
            Executed::Instruction(opcode, argument) => {
                if let Some(access) = access(opcode, argument) {
                    pairs.push((look.to_owned(), access));
                    look = "";
                }
            }
        }
    }
    Some(pairs)
}

#[test]
fn the_model_looks_where_real_interpreters_do() {
    let known = real().into_iter().filter_map(|python| Some((modelled(&python)?, python)));
    let mut interpreters: Vec<_> =
        known.filter(|(version, _)| *version >= Version::V3_12 && version.has_gil()).collect();
    interpreters.dedup_by_key(|(version, _)| *version);
    if interpreters.is_empty() {
        return not_tried("traces of programs", "no CPython of 3.12 or later is installed here");
    }
    let texts = texts(GENERATED);
    for (version, interpreter) in interpreters {
        let traced: Vec<(&String, Vec<Pair>)> =
            texts.iter().filter_map(|text| Some((text, of_model(text, version)?))).collect();
        assert!(traced.len() > 80, "{version}: only {} programs are traced", traced.len());
        let texts: Vec<&String> = traced.iter().map(|(text, _)| *text).collect();
        // Nothing of a program that waits.
        let real: Vec<Option<Vec<Pair>>> =
            run_script(&interpreter, include_str!("traces.py"), &texts, &[]).unwrap();
        for ((text, model), real) in traced.iter().zip(real) {
            let real = real.unwrap_or_else(|| panic!("{version} waits:\n{text}"));
            let is_same = |(model, real): (&Pair, &Pair)| {
                // The first look of all is that of the file, and one on the way to super().__init__ is made nowhere else.
                let is_told = real.0 != "?" && !model.1.ends_with(" __init__");
                model.1 == real.1 && (model.0 == real.0 || !is_told)
            };
            let at = (1..model.len().max(real.len())).find(|&at| {
                let pair = model.get(at).zip(real.get(at));
                !pair.is_some_and(is_same)
            });
            if let Some(at) = at {
                let part = |pairs: &[Pair]| {
                    format!("{:?}", &pairs[at.saturating_sub(3).min(pairs.len())..(at + 2).min(pairs.len())])
                };
                panic!("{version}: model {} real {}\n{text}", part(model), part(&real));
            }
        }
    }
}
