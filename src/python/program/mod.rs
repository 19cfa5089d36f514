//! A Python loop body as the bytecode of one CPython version, executed instruction by instruction.
//!
//! The body is placed in `def work(d, n): global x` and there in `for _ in range(n):` (2.7: `xrange`). `x` is the one shared
//! variable and stays an integer; `d` is the worker's +1 or -1; `s` is `"a"`; `one()` returns 1; `lock` is a
//! `threading.Lock`. Other names are the worker's own.
//!
//! One program is executed in three ways that agree: [`Program::step`] does one instruction and says whether the GIL may be
//! dropped after it; [`Program::run`] does all of them, quickly, and calls back at each such point; [`Program::verdict`]
//! tries every schedule of two workers.
//!
//! It knows the versions of CPython ([`super::version`]) and nothing of scenarios, reports or real threads; nothing here starts a
//! thread or reads a file. Start reading with `compiled` (what a program is), `compile` (how it is made) and `step` (what an
//! instruction does). Arrows between the files go down only:
//!
//! ```text
//! explain                            how a schedule loses an update
//! verdict · run                      every schedule of two workers · all instructions
//! registers/                         the quick way, for bodies of integers
//! step · states                      one instruction · numbers for states
//! worker · compile/                  a worker's state · syntax tree to instructions
//! compiled · parse                   the compiled body · source to syntax tree
//! instruction · syntax · numbers     … · the whole numbers in a syntax tree
//! values/ · shared                   values, lists, builtins · x and the locks
//! fault · source · operators · floats · callback
//! ```

mod callback;
mod compile;
mod compiled;
mod explain;
mod fault;
mod floats;
mod instruction;
pub(crate) mod module;
mod numbers;
mod operators;
mod parse;
mod registers;
mod run;
mod shared;
mod source;
pub(crate) mod states;
mod step;
pub(crate) mod syntax;
mod values;
mod verdict;
mod worker;

pub use callback::{End, Point};
pub(crate) use compile::{loop_module as compile_loop, module as compile_module};
pub use compiled::Program;
pub use fault::{Fault, FaultKind, LONGEST};
pub(crate) use floats::{float_binary, float_text};
pub use instruction::{Code, HandlerRange, Imported, Instruction, LoopRange, Op, PartOf, ProgramOp, Stars};
pub(crate) use numbers::{map_in_expr, map_numbers, smaller};
pub use operators::{BinaryOp, CompareOp, UnaryOp};
pub(crate) use parse::{
    FIELDS as DATACLASS_FIELDS, part as parse_part, program as parse_program, refusal, result as parse_result,
};
pub use parse::{LONGEST_PROGRAM, LONGEST_SOURCE};
pub use shared::{Shared, SharedAtomics, SharedState};
pub use source::{Place, Position, ProgramError, Source, SourceError, SourceErrorKind};
pub use step::{Step, Touched};
pub(crate) use values::quoted;
pub use values::{Builtin, Range, Value};
pub use verdict::{MOST_STATES, MOST_WORK, Site, Verdict, VerdictError, Witness};
pub use worker::WorkerState;
