//! A syntax tree to the instructions that one version of CPython makes of it.
//!
//! Follows `Python/compile.c` (3.13 and later: `codegen.c` and `flowgraph.c`) as far as it bears on what is executed between
//! two looks at the eval breaker. What an exception would run is left out, for an exception ends the program; so are
//! superinstructions such as `LOAD_FAST_LOAD_FAST`, none of which looks. Blocks that are left by `break`, `continue` or
//! `return` are unwound in the manner of 3.9 and later in every version.
//!
//! Start with `functions`, which compiles a whole program; `compiler` is what all the others write into.

mod assemble;
mod blocks;
mod closures;
mod compiler;
mod comprehensions;
mod conditions;
mod constants;
mod consumers;
mod exceptions;
mod expressions;
mod free;
mod functions;
mod jumps;
mod library;
mod names;
mod program_expressions;
mod programs;
mod statements;

pub(crate) use programs::{loop_module, module};
