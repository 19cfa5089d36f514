//! Statements.

use ruff_python_ast as ast;
use ruff_text_size::Ranged;

use super::super::{
    source::{SourceError, SourceErrorKind},
    syntax::{Expr, ExprKind, Stmt, StmtKind},
};
use super::reader::{DEEPEST, Reader, expr_name, stmt_name};

/// What a statement may do where it stands.
#[derive(Clone, Copy)]
pub(super) struct Context {
    pub(super) in_loop: bool,
    pub(super) in_function: bool,
}

impl Context {
    /// Directly in the loop over the iterations.
    pub(super) const BODY: Self = Self { in_loop: false, in_function: false };
    pub(super) const FUNCTION: Self = Self { in_loop: false, in_function: true };

    pub(super) const fn in_loop(self) -> Self {
        Self { in_loop: true, ..self }
    }
}

impl Reader<'_> {
    pub(super) fn block(
        &self,
        stmts: &[ast::Stmt],
        context: Context,
        depth: usize,
    ) -> Result<Vec<Stmt>, SourceError> {
        stmts.iter().map(|stmt| self.stmt(stmt, context, depth + 1)).collect()
    }

    pub(super) fn stmt(&self, stmt: &ast::Stmt, context: Context, depth: usize) -> Result<Stmt, SourceError> {
        if depth > DEEPEST {
            return Err(self.too_deep(stmt.range()));
        }
        if self.whole
            && let Some(kind) = self.program_stmt(stmt, context, depth)?
        {
            return Ok(Stmt { kind, position: self.position(stmt.range()) });
        }
        let kind = match stmt {
            ast::Stmt::Assign(assign) => {
                let targets = assign
                    .targets
                    .iter()
                    .map(|target| self.target(target, depth))
                    .collect::<Result<_, _>>()?;
                StmtKind::Assign(targets, self.expr(&assign.value, depth)?)
            }
            ast::Stmt::AugAssign(assign) => {
                let target = match &*assign.target {
                    target @ (ast::Expr::Name(_) | ast::Expr::Subscript(_)) => self.target(target, depth)?,
                    target @ ast::Expr::Attribute(_) if self.whole => self.target(target, depth)?,
                    other => {
                        return Err(self.not_covered(
                            expr_name(other),
                            "assign to a name or to name[index]",
                            other.range(),
                        ));
                    }
                };
                let op = self.binary_op(assign.op, assign.range())?;
                StmtKind::AugAssign(target, op, self.expr(&assign.value, depth)?)
            }
            ast::Stmt::Expr(stmt) => StmtKind::Expr(self.expr(&stmt.value, depth)?),
            ast::Stmt::If(stmt) => self.if_stmt(stmt, context, depth)?,
            ast::Stmt::For(stmt) if !stmt.is_async => StmtKind::For(
                self.target(&stmt.target, depth)?,
                self.expr(&stmt.iter, depth)?,
                self.block(&stmt.body, context.in_loop(), depth)?,
                self.block(&stmt.orelse, context, depth)?,
            ),
            ast::Stmt::While(stmt) => StmtKind::While(
                self.expr(&stmt.test, depth)?,
                self.block(&stmt.body, context.in_loop(), depth)?,
                self.block(&stmt.orelse, context, depth)?,
            ),
            ast::Stmt::With(stmt) if !stmt.is_async => StmtKind::With(
                stmt.items
                    .iter()
                    .map(|item| {
                        let target = item
                            .optional_vars
                            .as_deref()
                            .map(|target| self.target(target, depth))
                            .transpose()?;
                        Ok((self.expr(&item.context_expr, depth)?, target))
                    })
                    .collect::<Result<_, SourceError>>()?,
                self.block(&stmt.body, context, depth)?,
            ),
            ast::Stmt::Try(stmt) => {
                if let Some(handler) = stmt.handlers.first() {
                    return Err(self.not_covered("except", "use try with finally only", handler.range()));
                }
                StmtKind::Finally(
                    self.block(&stmt.body, context, depth)?,
                    self.block(&stmt.finalbody, context, depth)?,
                )
            }
            ast::Stmt::Break(_) | ast::Stmt::Continue(_) if !context.in_loop => {
                return Err(self.error(
                    SourceErrorKind::NotPython,
                    &format!("{} outside a loop", stmt_name(stmt)),
                    stmt.range(),
                ));
            }
            ast::Stmt::Break(_) => StmtKind::Break,
            ast::Stmt::Continue(_) => StmtKind::Continue,
            ast::Stmt::Pass(_) => StmtKind::Pass,
            ast::Stmt::Return(stmt) if context.in_function => {
                StmtKind::Return(stmt.value.as_deref().map(|value| self.expr(value, depth)).transpose()?)
            }
            ast::Stmt::Global(stmt) => {
                if let Some(name) = stmt.names.iter().find(|name| name.as_str() != "x") {
                    return Err(self.not_covered(
                        &format!("global {name}"),
                        "x is the only shared variable",
                        name.range(),
                    ));
                }
                StmtKind::GlobalX
            }
            other => {
                return Err(self.not_covered(
                    stmt_name(other),
                    "use assignments, if, for, while, with, try/finally and calls",
                    other.range(),
                ));
            }
        };
        Ok(Stmt { kind, position: self.position(stmt.range()) })
    }

    pub(super) fn if_stmt(
        &self,
        stmt: &ast::StmtIf,
        context: Context,
        depth: usize,
    ) -> Result<StmtKind, SourceError> {
        let mut orelse = Vec::new();
        for clause in stmt.elif_else_clauses.iter().rev() {
            let body = self.block(&clause.body, context, depth)?;
            orelse = match &clause.test {
                None => body,
                Some(test) => vec![Stmt {
                    kind: StmtKind::If(self.expr(test, depth)?, body, orelse),
                    position: self.position(clause.range()),
                }],
            };
        }
        Ok(StmtKind::If(self.expr(&stmt.test, depth)?, self.block(&stmt.body, context, depth)?, orelse))
    }

    pub(super) fn target(&self, target: &ast::Expr, depth: usize) -> Result<Expr, SourceError> {
        match target {
            ast::Expr::Name(_) | ast::Expr::Subscript(_) => self.expr(target, depth),
            ast::Expr::Attribute(_) if self.whole => self.expr(target, depth),
            ast::Expr::Tuple(ast::ExprTuple { elts, .. }) | ast::Expr::List(ast::ExprList { elts, .. }) => {
                if depth > DEEPEST {
                    return Err(self.too_deep(target.range()));
                }
                Ok(Expr {
                    kind: ExprKind::Tuple(
                        elts.iter().map(|target| self.target(target, depth + 1)).collect::<Result<_, _>>()?,
                    ),
                    position: self.position(target.range()),
                })
            }
            other => Err(self.not_covered(
                &format!("assignment to {}", expr_name(other)),
                "assign to a name, to name[index] or to several of them",
                other.range(),
            )),
        }
    }
}
