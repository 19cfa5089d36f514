//! Names: what each stands for where it is used, and loads and stores of it.

use super::super::{
    instruction::Op,
    source::{Position, SourceErrorKind},
    syntax::{Expr, ExprKind},
    values::{Builtin, Value},
};
use super::{
    compiler::{Compiler, Result},
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
}

impl Compiler<'_> {
    pub(super) fn meaning(&mut self, name: &str, position: Position) -> Result<Meaning> {
        let depth = self.functions.len();
        if let Some(meaning) = self.variable(name, depth) {
            return Ok(meaning);
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

    /// A variable of the function that is `depth` deep or, for a comprehension, of one around it.
    pub(super) fn variable(&mut self, name: &str, depth: usize) -> Option<Meaning> {
        let scope = self.functions.get(depth.checked_sub(1)?)?;
        if let Some(slot) = scope.slot(name) {
            if name == "x" && scope.x_is_global && !scope.is_comprehension {
                return None;
            }
            let cell = scope.cells.contains(name)
                || (scope.is_comprehension && usize::from(slot) >= scope.own_variables);
            return Some(if cell { Meaning::Captured(slot) } else { Meaning::Local(slot) });
        }
        if !scope.is_comprehension {
            return None;
        }
        let (Meaning::Local(outer) | Meaning::Captured(outer)) = self.variable(name, depth - 1)? else {
            return None;
        };
        let scope = self.functions.get_mut(depth - 1)?;
        let slot = u16::try_from(scope.locals.len()).ok()?;
        scope.locals.push(name.to_owned());
        scope.captures.push((outer, slot));
        Some(Meaning::Captured(slot))
    }

    pub(super) fn load(&mut self, name: &str, position: Position) -> Result<()> {
        match self.meaning(name, position)? {
            Meaning::Local(slot) => self.emit("LOAD_FAST", Op::LoadFast(slot), name),
            Meaning::Captured(slot) => self.emit("LOAD_DEREF", Op::LoadFast(slot), name),
            Meaning::X => self.emit("LOAD_GLOBAL", Op::LoadX, name),
            Meaning::Constant(value) => self.emit("LOAD_GLOBAL", Op::LoadConst(value), name),
        }
        Ok(())
    }

    pub(super) fn store(&mut self, name: &str, position: Position) -> Result<()> {
        match self.meaning(name, position)? {
            Meaning::Local(slot) => self.emit("STORE_FAST", Op::StoreFast(slot), name),
            Meaning::Captured(slot) => self.emit("STORE_DEREF", Op::StoreFast(slot), name),
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
}
