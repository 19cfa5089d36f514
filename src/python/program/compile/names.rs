//! Names: what each stands for where it is used, and loads and stores of it.

use super::super::{
    instruction::{Op, ProgramOp},
    source::{Position, SourceErrorKind},
    syntax::{Expr, ExprKind},
    values::{Builtin, Value},
};
use super::{
    compiler::{Compiler, Result, Space},
    functions::ONE,
};

/// The number of the lock named `lock`.
const LOCK: u8 = 0;

/// What a name stands for.
pub(super) enum Meaning {
    Local(u16),
    Captured(u16),
    X,
    Constant(Value),
    /// A global of a whole program.
    Global(u16),
    /// A name of a class body.
    ClassName(u16),
    /// A variable that functions of a whole program share.
    Cell(u16),
}

impl Compiler<'_> {
    pub(super) fn meaning(&mut self, name: &str, position: Position) -> Result<Meaning> {
        let depth = self.functions.len();
        if let Some(meaning) = self.variable(name, depth) {
            return Ok(meaning);
        }
        match self.scope().space {
            Space::Body => {}
            Space::Class => return Ok(Meaning::ClassName(self.name(name))),
            Space::Module | Space::Function => return Ok(Meaning::Global(self.name(name))),
        }
        if name == "x" {
            return Ok(Meaning::X);
        }
        let constant = match name {
            "s" => Some(Value::str("a")),
            "one" => Some(Value::Function(ONE)),
            "lock" => Some(Value::Lock(LOCK)),
            "xrange" if self.facts.shape.python2 => Some(Value::Builtin(Builtin::Xrange)),
            "print" if self.facts.shape.python2 => {
                return Err(self.error(
                    SourceErrorKind::NotCovered,
                    "print is a statement in python 2: write it on its own",
                    position,
                ));
            }
            _ => None,
        };
        let function = || {
            let index = self.setup.functions.iter().position(|known| known.name == name)?;
            u16::try_from(index + 2).ok().map(Value::Function)
        };
        let lock = || {
            let index = self.setup.locks.iter().position(|known| known == name)?;
            u8::try_from(index + 1).ok().map(Value::Lock)
        };
        constant
            .or_else(function)
            .or_else(lock)
            .or_else(|| Builtin::named(name).map(Value::Builtin))
            .map(Meaning::Constant)
            .ok_or_else(|| {
                self.error(
                    SourceErrorKind::NotCovered,
                    &format!("the name {name} is not defined: assign to it, or define it in the setup"),
                    position,
                )
            })
    }

    /// A variable of the function that is `depth` deep or, for a comprehension or in a whole program, of one around it.
    fn variable(&mut self, name: &str, depth: usize) -> Option<Meaning> {
        let scope = self.functions.get(depth.checked_sub(1)?)?;
        let shared =
            |slot| if scope.space == Space::Body { Meaning::Captured(slot) } else { Meaning::Cell(slot) };
        if scope.globals.contains(name) {
            return None;
        }
        if let Some(slot) = scope.slot(name) {
            if name == "x" && scope.space == Space::Body && scope.x_is_global && !scope.is_comprehension {
                return None;
            }
            let inner = scope.is_comprehension || scope.space != Space::Body;
            let hidden = scope.overlay.iter().any(|(known, _)| known == name);
            let cell = !hidden
                && (scope.cells.contains(name) || (inner && usize::from(slot) >= scope.own_variables));
            return Some(if cell { shared(slot) } else { Meaning::Local(slot) });
        }
        if scope.space == Space::Module || (scope.space == Space::Body && !scope.is_comprehension) {
            return None;
        }
        // What a class body binds is not seen from the functions in it.
        let mut around = depth - 1;
        while self.functions.get(around.checked_sub(1)?)?.space == Space::Class {
            around -= 1;
        }
        let found = self.variable(name, around)?;
        let (Meaning::Local(mut outer) | Meaning::Captured(mut outer) | Meaning::Cell(mut outer)) = found
        else {
            return None;
        };
        // Class bodies in between hand the cell on.
        for between in around..depth {
            let scope = self.functions.get_mut(between)?;
            let slot = u16::try_from(scope.locals.len()).ok()?;
            scope.locals.push(name.to_owned());
            scope.captures.push((outer, slot));
            outer = slot;
        }
        let scope = self.functions.get(depth - 1)?;
        Some(if scope.space == Space::Body { Meaning::Captured(outer) } else { Meaning::Cell(outer) })
    }

    pub(super) fn load(&mut self, name: &str, position: Position) -> Result<()> {
        match self.meaning(name, position)? {
            Meaning::Local(slot) => self.emit("LOAD_FAST", Op::LoadFast(slot), name),
            Meaning::Captured(slot) => self.emit("LOAD_DEREF", Op::LoadFast(slot), name),
            Meaning::Cell(slot) => self.emit_program("LOAD_DEREF", ProgramOp::LoadDeref(slot), name),
            Meaning::Global(number) => {
                let opcode = self.global_opcode("LOAD_NAME", "LOAD_GLOBAL");
                self.emit_program(opcode, ProgramOp::LoadGlobal(number), name);
            }
            Meaning::ClassName(number) => self.emit_program("LOAD_NAME", ProgramOp::LoadName(number), name),
            Meaning::X => self.emit("LOAD_GLOBAL", Op::LoadX, name),
            Meaning::Constant(value) => self.emit("LOAD_GLOBAL", Op::LoadConst(value), name),
        }
        Ok(())
    }

    pub(super) fn store(&mut self, name: &str, position: Position) -> Result<()> {
        match self.meaning(name, position)? {
            Meaning::Local(slot) => self.emit("STORE_FAST", Op::StoreFast(slot), name),
            Meaning::Captured(slot) => self.emit("STORE_DEREF", Op::StoreFast(slot), name),
            Meaning::Cell(slot) => self.emit_program("STORE_DEREF", ProgramOp::StoreDeref(slot), name),
            Meaning::Global(number) => {
                let opcode = self.global_opcode("STORE_NAME", "STORE_GLOBAL");
                self.emit_program(opcode, ProgramOp::StoreGlobal(number), name);
            }
            Meaning::ClassName(number) => self.emit_program("STORE_NAME", ProgramOp::StoreName(number), name),
            Meaning::X => self.emit("STORE_GLOBAL", Op::StoreX, name),
            Meaning::Constant(_) => {
                return Err(self.error(
                    SourceErrorKind::NotCovered,
                    &format!("assignment to the global {name} is not covered"),
                    position,
                ));
            }
        }
        Ok(())
    }

    pub(super) fn store_target(&mut self, target: &Expr) -> Result<()> {
        match &target.kind {
            ExprKind::Name(name) => self.store(name, target.position),
            ExprKind::Subscript(container, index) => {
                self.expr(container)?;
                self.expr(index)?;
                self.emit("STORE_SUBSCR", Op::StoreSubscript, "");
                Ok(())
            }
            ExprKind::Attribute(object, name) => {
                let number = self.name(name);
                self.expr(object)?;
                self.emit_program("STORE_ATTR", ProgramOp::StoreAttr(number), name.clone());
                Ok(())
            }
            ExprKind::Tuple(targets) => {
                let count = self.count(targets.len(), target.position)?;
                self.emit("UNPACK_SEQUENCE", Op::Unpack(count), count.to_string());
                targets.iter().try_for_each(|target| self.store_target(target))
            }
            _ => Err(self.error(
                SourceErrorKind::NotCovered,
                "assignment to this is not covered",
                target.position,
            )),
        }
    }

    /// A module's own code has opcodes of its own for its globals.
    pub(super) fn global_opcode(&mut self, in_module: &'static str, elsewhere: &'static str) -> &'static str {
        if self.scope().space == Space::Module { in_module } else { elsewhere }
    }

    pub(super) fn delete_name(&mut self, name: &str, position: Position) -> Result<()> {
        match self.meaning(name, position)? {
            Meaning::Local(slot) => self.emit_program("DELETE_FAST", ProgramOp::DeleteFast(slot), name),
            Meaning::Global(number) => {
                let opcode = self.global_opcode("DELETE_NAME", "DELETE_GLOBAL");
                self.emit_program(opcode, ProgramOp::DeleteGlobal(number), name);
            }
            _ => return Err(self.refuse("del of this name is not covered: bind it to None", position)),
        }
        Ok(())
    }
}
