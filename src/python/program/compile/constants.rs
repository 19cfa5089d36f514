//! What the compiler works out itself: the peephole optimizer of `peephole.c` up to 3.6, then `ast_opt.c`, from 3.14 on `flowgraph.c`.

use std::sync::Arc;

use super::super::{
    floats::float_binary,
    operators::{BinaryOp, UnaryOp},
    syntax::{Expr, ExprKind},
    values::{self, Value},
};
use super::compiler::Compiler;

/// The most letters of a text that is worked out: `MAX_STR_SIZE` of 3.7 and later, and what the peephole optimizer keeps.
const LONGEST_TEXT: (usize, usize) = (4096, 20);

impl Compiler<'_> {
    /// The value of an expression that the compiler evaluates.
    pub(super) fn fold(&self, expr: &Expr) -> Option<Value> {
        Some(match &expr.kind {
            ExprKind::None => Value::None,
            // A global in Python 2, and so no constant there.
            ExprKind::Bool(value) if !self.facts.shape.python2 => Value::Bool(*value),
            ExprKind::Int(value, _) => Value::Int(*value),
            ExprKind::Str(text) => Value::str(text),
            ExprKind::Tuple(items) => {
                Value::Tuple(items.iter().map(|item| self.fold(item)).collect::<Option<Arc<[_]>>>()?)
            }
            ExprKind::Unary(UnaryOp::Not, _) if self.facts.shape.python2 => return None,
            ExprKind::Unary(UnaryOp::Not, operand) => Value::Bool(!self.fold_truth(operand)?),
            ExprKind::Unary(op, operand) => {
                let operand = self.fold(operand)?;
                values::unary(*op, &operand, &Vec::new()).ok()?
            }
            ExprKind::Binary(op, left, right) if *op != BinaryOp::Divide => {
                self.is_adjacent(right).then_some(())?;
                let (left, right) = (self.fold(left)?, self.fold(right)?);
                let value = values::binary(*op, false, &left, &right, &mut Vec::new()).ok()?;
                self.is_kept(&value).then_some(value)?
            }
            ExprKind::Subscript(container, index) => {
                values::subscript(&self.fold(container)?, &self.fold(index)?, &Vec::new()).ok()?
            }
            ExprKind::Bools(all, values) => {
                let (last, values) = values.split_last()?;
                for value in values {
                    let value = self.fold(value)?;
                    if value.truth(&Vec::new()) != *all {
                        return Some(value);
                    }
                }
                self.fold(last)?
            }
            _ => return None,
        })
    }

    /// Whether a test that the compiler evaluates holds.
    pub(super) fn fold_truth(&self, test: &Expr) -> Option<bool> {
        let value = self.fold(test).map(|value| value.truth(&Vec::new()));
        value.or_else(|| self.fold_float(test).map(|float| float != 0.0))
    }

    /// Whether no instruction of a test works anything out.
    pub(super) fn is_constant(&self, test: &Expr) -> bool {
        match &test.kind {
            ExprKind::Bools(all, values) => {
                let decides = |value: &Expr| self.fold_truth(value) == Some(!all);
                let end = values.iter().position(decides).map_or(values.len(), |at| at + 1);
                values[..end].iter().all(|value| self.is_constant(value))
            }
            ExprKind::IfElse(test, body, orelse) => {
                [test, body, orelse].into_iter().all(|part| self.is_constant(part))
            }
            ExprKind::Unary(UnaryOp::Not, operand) => self.is_constant(operand),
            _ => self.fold_truth(test).is_some(),
        }
    }

    /// In 2.7 what was worked out leaves instructions that do nothing, and what stands before these is not seen.
    fn is_adjacent(&self, right: &Expr) -> bool {
        !self.facts.shape.python2 || !matches!(right.kind, ExprKind::Binary(..) | ExprKind::Subscript(..))
    }

    /// Whether a value that was worked out is short enough.
    fn is_kept(&self, value: &Value) -> bool {
        let most = if self.facts.shape.peephole { LONGEST_TEXT.1 } else { LONGEST_TEXT.0 };
        match value {
            Value::Str(text) => text.len() <= most,
            Value::Tuple(items) => items.len() <= most.min(256),
            _ => true,
        }
    }

    /// The same of a float, which only whole programs have.
    pub(super) fn fold_float(&self, expr: &Expr) -> Option<f64> {
        match &expr.kind {
            ExprKind::Float(bits) => Some(f64::from_bits(*bits)),
            ExprKind::Unary(UnaryOp::Negative, operand) => self.fold_float(operand).map(|float| -float),
            ExprKind::Unary(UnaryOp::Positive, operand) => self.fold_float(operand),
            ExprKind::Binary(op, left, right) if self.is_adjacent(right) => {
                let (one, two) = (self.fold_float(left), self.fold_float(right));
                // Of two integers a quotient is a float, and in Python 2 none.
                let quotient = *op == BinaryOp::Divide && !self.facts.shape.python2 && self.in_program();
                if one.is_none() && two.is_none() && !quotient {
                    return None;
                }
                let number = |float: Option<f64>, expr: &Expr| float.or_else(|| exact(&self.fold(expr)?));
                float_binary(*op, number(one, left)?, number(two, right)?)
            }
            _ => None,
        }
    }
}

/// A short integer as a float.
fn exact(value: &Value) -> Option<f64> {
    i32::try_from(value.as_int()?).ok().map(f64::from)
}
