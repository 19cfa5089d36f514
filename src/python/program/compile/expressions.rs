//! Expressions.

use super::super::{
    floats::float_text,
    instruction::{Op, ProgramOp},
    operators::{BinaryOp, UnaryOp},
    source::{Position, SourceErrorKind},
    syntax::{Expr, ExprKind, walk_expr},
    values::Value,
};
use super::{
    compiler::{Compiler, Result, Space},
    names::Meaning,
};
use crate::python::version::{Call, Comprehension};

const fn old_opcode(op: BinaryOp, in_place: bool, python2: bool) -> &'static str {
    match (op, in_place) {
        (BinaryOp::Divide, false) if !python2 => "BINARY_TRUE_DIVIDE",
        (BinaryOp::Divide, true) if !python2 => "INPLACE_TRUE_DIVIDE",
        (BinaryOp::Add, false) => "BINARY_ADD",
        (BinaryOp::Add, true) => "INPLACE_ADD",
        (BinaryOp::Subtract, false) => "BINARY_SUBTRACT",
        (BinaryOp::Subtract, true) => "INPLACE_SUBTRACT",
        (BinaryOp::Multiply, false) => "BINARY_MULTIPLY",
        (BinaryOp::Multiply, true) => "INPLACE_MULTIPLY",
        (BinaryOp::FloorDivide, false) => "BINARY_FLOOR_DIVIDE",
        (BinaryOp::FloorDivide, true) => "INPLACE_FLOOR_DIVIDE",
        (BinaryOp::Divide, false) => "BINARY_DIVIDE",
        (BinaryOp::Divide, true) => "INPLACE_DIVIDE",
        (BinaryOp::Remainder, false) => "BINARY_MODULO",
        (BinaryOp::Remainder, true) => "INPLACE_MODULO",
        (BinaryOp::Power, false) => "BINARY_POWER",
        (BinaryOp::Power, true) => "INPLACE_POWER",
        (BinaryOp::LeftShift, false) => "BINARY_LSHIFT",
        (BinaryOp::LeftShift, true) => "INPLACE_LSHIFT",
        (BinaryOp::RightShift, false) => "BINARY_RSHIFT",
        (BinaryOp::RightShift, true) => "INPLACE_RSHIFT",
        (BinaryOp::And, false) => "BINARY_AND",
        (BinaryOp::And, true) => "INPLACE_AND",
        (BinaryOp::Or, false) => "BINARY_OR",
        (BinaryOp::Or, true) => "INPLACE_OR",
        (BinaryOp::Xor, false) => "BINARY_XOR",
        (BinaryOp::Xor, true) => "INPLACE_XOR",
    }
}

impl Compiler<'_> {
    #[expect(clippy::too_many_lines, reason = "one arm for each kind")]
    pub(super) fn expr(&mut self, expr: &Expr) -> Result<()> {
        if let Some(value) = self.fold(expr) {
            self.python2_literals(expr)?;
            self.constant(value);
            return Ok(());
        }
        if let Some(float) = self.fold_float(expr) {
            self.python2_literals(expr)?;
            self.float(float);
            return Ok(());
        }
        let outer = self.scope().position;
        self.scope().position = Some(expr.position);
        match &expr.kind {
            ExprKind::None => self.constant(Value::None),
            ExprKind::Bool(value) => self.constant(Value::Bool(*value)),
            ExprKind::Int(value, _) => self.constant(Value::Int(*value)),
            ExprKind::Str(text) => self.constant(Value::str(text)),
            ExprKind::Float(bits) => self.float(f64::from_bits(*bits)),
            ExprKind::Name(name) => self.load(name, expr.position)?,
            ExprKind::Tuple(items) => {
                for item in items {
                    self.expr(item)?;
                }
                let count = self.count(items.len(), expr.position)?;
                self.emit("BUILD_TUPLE", Op::BuildTuple(count), count.to_string());
            }
            ExprKind::List(items) => {
                for item in items {
                    self.expr(item)?;
                }
                let count = self.count(items.len(), expr.position)?;
                self.emit("BUILD_LIST", Op::BuildList(count), count.to_string());
            }
            ExprKind::Subscript(container, index) => {
                self.expr(container)?;
                self.expr(index)?;
                self.scope().position = Some(expr.position);
                self.subscript();
            }
            ExprKind::Unary(op, operand) => {
                self.expr(operand)?;
                if *op == UnaryOp::Not && !matches!(operand.kind, ExprKind::Compare(..)) {
                    self.emit_to_bool();
                }
                let opcode = match op {
                    UnaryOp::Negative => "UNARY_NEGATIVE",
                    UnaryOp::Positive => "UNARY_POSITIVE",
                    UnaryOp::Invert => "UNARY_INVERT",
                    UnaryOp::Not => "UNARY_NOT",
                };
                self.emit(opcode, Op::Unary(*op), "");
            }
            ExprKind::Binary(op, left, right) => {
                self.expr(left)?;
                self.expr(right)?;
                self.scope().position = Some(expr.position);
                self.binary(*op, false, expr.position)?;
            }
            ExprKind::Compare(left, rest) => self.compare_value(left, rest)?,
            ExprKind::Bools(all, values) => {
                let end = self.label();
                let last = values.len().saturating_sub(1);
                for (index, value) in values.iter().enumerate() {
                    // A constant decides at compile time: it ends the chain or has no part in it.
                    match self.fold(value).map(|value| value.truth(&Vec::new())) {
                        Some(truth) if truth == *all && index < last => continue,
                        Some(_) => {
                            self.expr(value)?;
                            break;
                        }
                        None => self.expr(value)?,
                    }
                    if index < last {
                        self.jump_or_pop(end, !*all);
                    }
                }
                self.bind(end);
            }
            ExprKind::IfElse(test, body, orelse) => {
                let (other, end) = (self.label(), self.label());
                self.jump_if(test, other, false)?;
                self.expr(body)?;
                self.jump(end);
                self.bind(other);
                self.expr(orelse)?;
                self.bind(end);
            }
            ExprKind::Call(name, at, args) => self.call_expr(name, *at, args, expr.position)?,
            ExprKind::Comprehension(collection, elt, generators) => {
                let style = match self.style_of(*collection, elt, generators) {
                    // What a class binds is not visible in it.
                    Comprehension::Inlined if self.scope().space == Space::Class => Comprehension::Function,
                    style => style,
                };
                match style {
                    Comprehension::Function => self.comprehension_function(*collection, elt, generators)?,
                    Comprehension::Inlined => self.comprehension_inlined(*collection, elt, generators)?,
                    Comprehension::Leaking => {
                        self.begin_collection(*collection);
                        self.generators(*collection, elt, generators, 0, false)?;
                    }
                }
            }
            ExprKind::Attribute(..)
            | ExprKind::CallValue(..)
            | ExprKind::Dict(_)
            | ExprKind::Set(_)
            | ExprKind::Slice(_)
            | ExprKind::Lambda(_)
            | ExprKind::BigInt(_)
            | ExprKind::CallStars(..)
            | ExprKind::Yield(_)
            | ExprKind::FString(_) => self.program_expr(expr)?,
        }
        self.scope().position = outer;
        Ok(())
    }

    /// A literal list that is only iterated over is a tuple.
    pub(super) fn iterable(&mut self, iter: &Expr) -> Result<()> {
        if let ExprKind::List(items) = &iter.kind {
            let tuple = Expr { kind: ExprKind::Tuple(items.clone()), position: iter.position };
            return self.expr(&tuple);
        }
        self.expr(iter)
    }

    fn call_expr(&mut self, name: &str, at: Position, args: &[Expr], position: Position) -> Result<()> {
        if name == "super" && args.is_empty() && self.in_program() {
            let position = self.scope().position;
            self.emit_program("LOAD_SUPER", ProgramOp::LoadSuper, "");
            self.scope().position = position;
            return Ok(());
        }
        if self.in_program() && name == "print" && self.facts.shape.python2 && !self.print_function {
            return self.python2_print(args, position);
        }
        if self.is_consumed_in_place(name, args)
            && let [generator] = args
        {
            return self.consume_in_place(name, generator);
        }
        self.named_callee(name, at)?;
        for arg in args {
            self.expr(arg)?;
        }
        self.scope().position = Some(position);
        let count = self.count(args.len(), position)?;
        self.call(count);
        Ok(())
    }

    /// Loads what is to be called, by its name, and the place below it.
    pub(super) fn named_callee(&mut self, name: &str, at: Position) -> Result<()> {
        let with_null = self.facts.shape.call != Call::CallFunction;
        match self.meaning(name, at)? {
            Meaning::Constant(value) => self.callee(name, value),
            // In a function one instruction loads a global and the place below it.
            Meaning::Global(number) if with_null && self.global_opcode("", "g") == "g" => {
                let op = ProgramOp::LoadGlobal(number);
                self.emit_program("LOAD_GLOBAL", op, format!("{name} + NULL"));
            }
            _ => {
                // `x()` is an error at run time; the others may hold a function.
                if with_null {
                    self.emit("PUSH_NULL", Op::Nop, "");
                }
                self.load(name, at)?;
            }
        }
        Ok(())
    }

    /// In Python 2 a `print` with parentheses is a statement, and this its value for whoever drops it.
    fn python2_print(&mut self, args: &[Expr], position: Position) -> Result<()> {
        args.iter().try_for_each(|arg| self.expr(arg))?;
        let count = self.count(args.len(), position)?;
        if count != 1 {
            self.emit("BUILD_TUPLE", Op::BuildTuple(count), count.to_string());
        }
        self.emit("PRINT_ITEM", Op::PrintItem, "");
        self.emit("PRINT_NEWLINE", Op::Nop, "");
        self.constant(Value::None);
        Ok(())
    }

    pub(super) fn subscript(&mut self) {
        if self.facts.shape.subscript_is_binary_op {
            self.emit("BINARY_OP", Op::Subscript, "[]");
        } else {
            self.emit("BINARY_SUBSCR", Op::Subscript, "");
        }
    }

    pub(super) fn binary(&mut self, op: BinaryOp, in_place: bool, position: Position) -> Result<()> {
        if op == BinaryOp::Divide && !self.facts.shape.python2 && !self.in_program() {
            return Err(self.error(
                SourceErrorKind::NotCovered,
                "/ gives a float, which is not covered: use //",
                position,
            ));
        }
        if self.facts.shape.binary_op {
            let equals = if in_place { "=" } else { "" };
            let argument = format!("{}{equals}", op.symbol());
            self.emit("BINARY_OP", Op::Binary(op, in_place), argument);
        } else {
            self.emit(old_opcode(op, in_place, self.facts.shape.python2), Op::Binary(op, in_place), "");
        }
        Ok(())
    }

    fn float(&mut self, float: f64) {
        let op = ProgramOp::LoadFloat(float.to_bits());
        self.emit_program("LOAD_CONST", op, float_text(float, false));
    }

    fn python2_literals(&self, expr: &Expr) -> Result<()> {
        let mut found = None;
        walk_expr(expr, &mut |expr| {
            if matches!(expr.kind, ExprKind::Int(_, true)) {
                found = found.or(Some(expr.position));
            }
        });
        match found {
            Some(position) if self.facts.shape.python2 => Err(self.error(
                SourceErrorKind::NotPython,
                "python 2 knows no underscores in numbers: leave them out",
                position,
            )),
            _ => Ok(()),
        }
    }
}
