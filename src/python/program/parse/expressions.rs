//! Expressions.

use ruff_python_ast as ast;
use ruff_text_size::{Ranged, TextRange};

use super::super::{
    operators::{BinaryOp, CompareOp, UnaryOp},
    source::SourceError,
    syntax::{Collection, Expr, ExprKind, Generator},
};
use super::reader::{DEEPEST, Reader, expr_name};

pub(super) const fn compare_op(op: ast::CmpOp) -> CompareOp {
    match op {
        ast::CmpOp::Eq => CompareOp::Equal,
        ast::CmpOp::NotEq => CompareOp::NotEqual,
        ast::CmpOp::Lt => CompareOp::Less,
        ast::CmpOp::LtE => CompareOp::LessEqual,
        ast::CmpOp::Gt => CompareOp::Greater,
        ast::CmpOp::GtE => CompareOp::GreaterEqual,
        ast::CmpOp::Is => CompareOp::Is,
        ast::CmpOp::IsNot => CompareOp::IsNot,
        ast::CmpOp::In => CompareOp::In,
        ast::CmpOp::NotIn => CompareOp::NotIn,
    }
}

impl Reader<'_> {
    pub(super) fn exprs(&self, exprs: &[ast::Expr], depth: usize) -> Result<Vec<Expr>, SourceError> {
        exprs.iter().map(|expr| self.expr(expr, depth)).collect()
    }

    #[expect(clippy::too_many_lines, reason = "one arm for each kind")]
    pub(super) fn expr(&self, expr: &ast::Expr, depth: usize) -> Result<Expr, SourceError> {
        let depth = depth + 1;
        if depth > DEEPEST {
            return Err(self.too_deep(expr.range()));
        }
        if self.whole
            && let Some(kind) = self.program_expr(expr, depth)?
        {
            return Ok(Expr { kind, position: self.position(expr.range()) });
        }
        let boxed = |expr: &ast::Expr| self.expr(expr, depth).map(Box::new);
        let kind = match expr {
            ast::Expr::NoneLiteral(_) => ExprKind::None,
            ast::Expr::BooleanLiteral(literal) => ExprKind::Bool(literal.value),
            ast::Expr::NumberLiteral(literal) => match &literal.value {
                ast::Number::Int(int) => {
                    let value = int.as_i64().ok_or_else(|| {
                        self.not_covered("an integer beyond 64 bits", "use a smaller one", expr.range())
                    })?;
                    ExprKind::Int(value, self.slice(expr.range()).contains('_'))
                }
                ast::Number::Float(_) | ast::Number::Complex { .. } => {
                    return Err(self.not_covered(
                        "a number that is no integer",
                        "use an integer",
                        expr.range(),
                    ));
                }
            },
            ast::Expr::StringLiteral(literal) => {
                let text: String = literal.value.iter().map(ast::StringLiteral::as_str).collect();
                if !text.is_ascii() || literal.value.is_unicode() {
                    return Err(self.not_covered(
                        "a string with other than ascii characters or with a prefix u",
                        "use plain ascii",
                        expr.range(),
                    ));
                }
                ExprKind::Str(text)
            }
            ast::Expr::Name(name) => ExprKind::Name(name.id.to_string()),
            ast::Expr::Tuple(tuple) => ExprKind::Tuple(self.exprs(&tuple.elts, depth)?),
            ast::Expr::List(list) => ExprKind::List(self.exprs(&list.elts, depth)?),
            ast::Expr::Subscript(subscript) => {
                ExprKind::Subscript(boxed(&subscript.value)?, boxed(&subscript.slice)?)
            }
            ast::Expr::UnaryOp(unary) => {
                let op = match unary.op {
                    ast::UnaryOp::USub => UnaryOp::Negative,
                    ast::UnaryOp::UAdd => UnaryOp::Positive,
                    ast::UnaryOp::Invert => UnaryOp::Invert,
                    ast::UnaryOp::Not => UnaryOp::Not,
                };
                ExprKind::Unary(op, boxed(&unary.operand)?)
            }
            ast::Expr::BinOp(binary) => ExprKind::Binary(
                self.binary_op(binary.op, expr.range())?,
                boxed(&binary.left)?,
                boxed(&binary.right)?,
            ),
            ast::Expr::Compare(compare) => ExprKind::Compare(
                boxed(&compare.left)?,
                compare
                    .ops
                    .iter()
                    .zip(&compare.comparators)
                    .map(|(&op, right)| Ok((compare_op(op), self.expr(right, depth)?)))
                    .collect::<Result<_, SourceError>>()?,
            ),
            ast::Expr::BoolOp(bools) => {
                ExprKind::Bools(bools.op == ast::BoolOp::And, self.exprs(&bools.values, depth)?)
            }
            ast::Expr::If(choice) => {
                ExprKind::IfElse(boxed(&choice.test)?, boxed(&choice.body)?, boxed(&choice.orelse)?)
            }
            ast::Expr::Call(call) => {
                let ast::Expr::Name(name) = &*call.func else {
                    return Err(self.not_covered(
                        &format!("a call of {}", expr_name(&call.func)),
                        "call a function by its name",
                        call.func.range(),
                    ));
                };
                if let Some(keyword) = call.arguments.keywords.first() {
                    return Err(self.not_covered(
                        "an argument by keyword",
                        "pass it by position",
                        keyword.range(),
                    ));
                }
                ExprKind::Call(
                    name.id.to_string(),
                    self.position(name.range()),
                    self.exprs(&call.arguments.args, depth)?,
                )
            }
            ast::Expr::ListComp(comprehension) => ExprKind::Comprehension(
                Collection::List,
                boxed(&comprehension.elt)?,
                self.generators(&comprehension.generators, depth)?,
            ),
            other => {
                return Err(self.not_covered(
                    expr_name(other),
                    "use integers, strings, lists, tuples, operators, indexing, list comprehensions and calls",
                    other.range(),
                ));
            }
        };
        Ok(Expr { kind, position: self.position(expr.range()) })
    }

    pub(super) fn generators(
        &self,
        generators: &[ast::Comprehension],
        depth: usize,
    ) -> Result<Vec<Generator>, SourceError> {
        generators.iter().map(|generator| self.generator(generator, depth)).collect()
    }

    pub(super) fn generator(
        &self,
        generator: &ast::Comprehension,
        depth: usize,
    ) -> Result<Generator, SourceError> {
        if generator.is_async {
            return Err(self.not_covered(
                "an asynchronous comprehension",
                "leave out async",
                generator.range(),
            ));
        }
        match &generator.target {
            _ if self.whole => {}
            ast::Expr::Name(name) if name.id.as_str() != "x" => {}
            other => {
                return Err(self.not_covered(
                    "this loop variable of a comprehension",
                    "use a plain name other than x",
                    other.range(),
                ));
            }
        }
        Ok(Generator {
            target: self.target(&generator.target, depth)?,
            iter: self.expr(&generator.iter, depth)?,
            conditions: self.exprs(&generator.ifs, depth)?,
        })
    }

    pub(super) fn binary_op(&self, op: ast::Operator, range: TextRange) -> Result<BinaryOp, SourceError> {
        Ok(match op {
            ast::Operator::Add => BinaryOp::Add,
            ast::Operator::Sub => BinaryOp::Subtract,
            ast::Operator::Mult => BinaryOp::Multiply,
            ast::Operator::FloorDiv => BinaryOp::FloorDivide,
            ast::Operator::Div => BinaryOp::Divide,
            ast::Operator::Mod => BinaryOp::Remainder,
            ast::Operator::Pow => BinaryOp::Power,
            ast::Operator::LShift => BinaryOp::LeftShift,
            ast::Operator::RShift => BinaryOp::RightShift,
            ast::Operator::BitAnd => BinaryOp::And,
            ast::Operator::BitOr => BinaryOp::Or,
            ast::Operator::BitXor => BinaryOp::Xor,
            ast::Operator::MatMult => {
                return Err(self.not_covered("the operator @", "use arithmetic on integers", range));
            }
        })
    }
}
