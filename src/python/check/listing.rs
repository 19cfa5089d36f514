//! What `dis` would print of a program, with a mark at each place where its version may drop the GIL.

use super::loops::LoopBody;
use super::machine::KNOWN;
use crate::python::program::module::Module;
use crate::python::program::{
    Code, Instruction, Op, Place, Position, Program, ProgramOp, Source, SourceError, Value, compile_module,
    parse_program,
};
use crate::python::version::{Check, DropRule, Version};

/// A program as the instructions of one version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    /// The version.
    pub version: Version,
    /// Its functions, the first to begin being the first.
    pub functions: Vec<ListedFunction>,
}

/// A function of a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedFunction {
    /// Its name, `<module>` for what stands outside of functions.
    pub name: String,
    /// Its parameters.
    pub parameters: Vec<String>,
    /// Whether the GIL may be dropped before its first instruction.
    pub entry: bool,
    /// Its instructions.
    pub instructions: Vec<ListedInstruction>,
}

/// An instruction of a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedInstruction {
    /// Its number in the function, to which jumps refer.
    pub number: usize,
    /// The line that it comes from; nothing for the loop around a body, and for what ends a function.
    pub line: Option<ListedLine>,
    /// CPython's name of it.
    pub opcode: &'static str,
    /// Its argument.
    pub argument: String,
    /// Why the GIL may be dropped after it, if it may.
    pub drop: Option<Drop>,
}

/// A line of a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedLine {
    /// Of which text.
    pub source: Source,
    /// Its number.
    pub number: u32,
    /// The line.
    pub text: String,
}

/// Why a version looks at whether another thread wants the GIL, after an instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drop {
    /// A function begins.
    Entry,
    /// A jump leads back.
    Backward,
    /// A jump leads back, if it is taken.
    BackwardIfTaken,
    /// Any jump of this kind, if it is taken.
    IfTaken,
    /// A call of something that is not written in Python, unless it is one whose specialised call does not look.
    Call,
    /// Most instructions, up to 3.9.
    Any,
    /// The value that was tested is no bool.
    NoBool,
    /// An exception has led there; the look is before the instruction.
    Handler,
}

impl Drop {
    /// In a few words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Entry => "function entry",
            Self::Backward => "backward jump",
            Self::BackwardIfTaken => "backward jump, if taken",
            Self::IfTaken => "if it jumps",
            Self::Call => "call",
            Self::Any => "any such instruction",
            Self::NoBool => "if the value is no bool",
            Self::Handler => "handler entry, before it",
        }
    }
}

/// The listing of a whole program.
///
/// # Errors
///
/// If it is not Python, not that version's, or not covered; the error shows its place.
pub fn listing(text: &str, version: Version) -> Result<Listing, SourceError> {
    let module = compile_module(&parse_program(text)?, text, version, &KNOWN, true)?;
    Ok(listed(&module, |_| true))
}

impl LoopBody {
    /// The listing of the function that repeats the body, and of those of the setup.
    #[must_use]
    pub fn listing(&self) -> Listing {
        let own = |code: &Code| {
            let positions = code.instructions.iter().filter_map(|instruction| instruction.position);
            let mut sources = positions.map(|position| position.source);
            code.name != "<module>" && sources.any(|source| matches!(source, Source::Body | Source::Setup))
        };
        let mut listing = listed(&self.module, own);
        let work = listing.functions.iter().position(|function| function.name == super::loops::WORK);
        if let Some(work) = work {
            listing.functions[..=work].rotate_right(1);
        }
        listing
    }
}

/// The listing of a body over a counter: of the function that repeats it, and of those of the setup.
#[must_use]
pub fn counter_listing(program: &Program) -> Listing {
    let place = |position: Position| {
        let text = if position.source == Source::Setup { program.setup() } else { program.body() };
        Place::new(text, position).text
    };
    // The model's own function one() stands in no text that was given.
    let own = |code: &&Code| {
        code.name == super::loops::WORK || code.instructions.iter().any(|one| one.position.is_some())
    };
    let codes = program.codes().iter().filter(own);
    let functions = codes.map(|code| function(program.version(), code, &[], |_| true, place));
    Listing { version: program.version(), functions: functions.collect() }
}

fn listed(module: &Module, wanted: impl Fn(&Code) -> bool) -> Listing {
    // The loop around a body stands in no text that was given.
    let given = |source| source != Source::File || module.texts.body.is_empty();
    let place = |position| module.place(position).text;
    let codes = module.codes[..usize::from(module.library)].iter().filter(|code| wanted(code));
    let functions = codes.map(|code| function(module.version, code, &module.names, given, place));
    Listing { version: module.version, functions: functions.collect() }
}

fn function(
    version: Version,
    code: &Code,
    names: &[String],
    given: impl Fn(Source) -> bool,
    place: impl Fn(Position) -> String,
) -> ListedFunction {
    let free = !version.has_gil();
    let rule = &version.facts().drop;
    let instructions = code.instructions.iter().enumerate().map(|(number, instruction)| {
        let line = instruction.position.filter(|position| given(position.source));
        ListedInstruction {
            number,
            line: line.map(|position| ListedLine {
                source: position.source,
                number: position.line,
                text: place(position).trim().to_owned(),
            }),
            opcode: instruction.opcode,
            argument: instruction.argument.clone(),
            drop: if free {
                None
            } else {
                let begins_handler =
                    || rule.after_exception && code.handlers.iter().any(|handler| handler.target == number);
                drop_after(code, number, instruction, rule, names)
                    .or_else(|| begins_handler().then_some(Drop::Handler))
            },
        }
    });
    ListedFunction {
        name: code.name.clone(),
        parameters: code.locals[..code.parameters].to_vec(),
        entry: !free && rule.frame_entry && code.name != "<module>",
        instructions: instructions.collect(),
    }
}

/// The name of the global that a call calls, if it is one, in code without a jump before it.
fn callee<'c>(code: &'c Code, call: usize, count: u16, names: &'c [String]) -> Option<&'c str> {
    // How many values are still to be found below the top.
    let mut wanted = usize::from(count) + 1;
    for instruction in code.instructions[..call].iter().rev() {
        let (pops, pushes) = match &instruction.op {
            Op::Nop => (0, 0),
            Op::LoadConst(_)
            | Op::LoadFast(_)
            | Op::LoadX
            | Op::Program(ProgramOp::LoadGlobal(_) | ProgramOp::LoadName(_) | ProgramOp::LoadDeref(_)) => {
                (0, 1)
            }
            Op::Unary(_) | Op::Program(ProgramOp::LoadAttr(_)) => (1, 1),
            Op::Binary(..) | Op::Compare(_) | Op::Subscript => (2, 1),
            Op::BuildTuple(count) | Op::BuildList(count) => (usize::from(*count), 1),
            Op::Call(count) => (usize::from(*count) + 1, 1),
            _ => return None,
        };
        if wanted == 1 && pushes == 1 {
            return match &instruction.op {
                Op::Program(ProgramOp::LoadGlobal(name)) => names.get(usize::from(*name)).map(String::as_str),
                Op::LoadConst(Value::Builtin(builtin)) => Some(builtin.name()),
                _ => None,
            };
        }
        wanted = (wanted + pops).checked_sub(pushes)?;
    }
    None
}

/// Why the GIL may be dropped after an instruction, if it may.
fn drop_after(
    code: &Code,
    number: usize,
    instruction: &Instruction,
    rule: &DropRule,
    names: &[String],
) -> Option<Drop> {
    let target = instruction.op.target();
    // From 3.12 on what leads out of a handler goes back, too.
    let back = instruction.opcode == "JUMP_BACKWARD" || target.is_some_and(|target| target <= number);
    // Not directly before an instruction that must not be skipped.
    let deferred = code.instructions.get(number + 1).is_some_and(|next| next.defers);
    if target.is_none() && deferred {
        return None;
    }
    let call = matches!(
        instruction.op,
        Op::Call(_) | Op::EnterWith | Op::ExitWith | Op::Program(ProgramOp::CallKeywords(..))
    );
    // The specialised call of some builtins does not look.
    let silent = |count: u16| {
        let name = callee(code, number, count, names)?;
        rule.silent_calls.iter().find(|&&(silent, args)| silent == name && args == usize::from(count))
    };
    match instruction.check {
        Check::Never => None,
        Check::Call if matches!(instruction.op, Op::Call(count) if silent(count).is_some()) => None,
        Check::Call => Some(Drop::Call),
        Check::Taken if back => Some(Drop::BackwardIfTaken),
        Check::Taken => Some(Drop::IfTaken),
        Check::NotBool => Some(Drop::NoBool),
        Check::Always if instruction.opcode == "RESUME" => Some(Drop::Entry),
        Check::Always if back => Some(Drop::Backward),
        Check::Always if call => Some(Drop::Call),
        Check::Always => Some(Drop::Any),
    }
}
