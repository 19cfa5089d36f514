//! What the standard library does in Python of its own where it calls something for a thread.

use super::super::{
    parse,
    source::SourceError,
    syntax::{Stmt, StmtKind},
    values::Value,
};
use super::compiler::{Compiler, Result};

/// As `Thread.run`, and as `_WorkItem.run` of an executor.
const RUN: &str = "def run(target, args, kwargs):\n    return target(*args, **kwargs)\n";

/// As `Timer.run`.
const TIMER: &str = "\
def timer(finished, interval, function, args, kwargs):
    finished.wait(interval)
    if not finished.is_set():
        function(*args, **kwargs)
    finished.set()
";

/// The statements of what a program may need of that, `run` last.
pub(super) fn parsed(has_timer: bool) -> std::result::Result<Vec<Stmt>, SourceError> {
    let mut stmts = if has_timer { parse::program(TIMER)? } else { Vec::new() };
    stmts.append(&mut parse::program(RUN)?);
    Ok(stmts)
}

impl<'a> Compiler<'a> {
    /// Compiles that. Its code stands in no line of the program.
    pub(super) fn library(&mut self, stmts: &'a [Stmt]) -> Result<()> {
        for stmt in stmts {
            if let StmtKind::Define(function) = &stmt.kind {
                self.begin_function(function);
                self.stmts(&function.body)?;
                self.return_constant(Value::None);
                let (mut code, _) = self.finish();
                code.instructions.iter_mut().for_each(|instruction| instruction.position = None);
                self.codes.push(Some(code));
            }
        }
        Ok(())
    }
}
