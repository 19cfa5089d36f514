//! Python source to a small syntax tree that holds covered constructs only.
//!
//! The grammar is a parser crate's. What this module adds is the border: whatever the model does not cover is refused here,
//! by name and place, so that the compiler and the stepper need not doubt what they are given.

use ruff_python_ast as ast;
use ruff_text_size::{Ranged, TextRange, TextSize};

use super::{Place, Position, Source, SourceError, SourceErrorKind};

/// The longest source that is taken, in bytes: a loop body, not a program.
pub const LONGEST_SOURCE: usize = 8 * 1024;

/// How deep expressions and statements may nest.
const DEEPEST: usize = 64;

/// An expression and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Expr {
    pub(super) kind: ExprKind,
    pub(super) position: Position,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum ExprKind {
    None,
    Bool(bool),
    /// With whether its digits were grouped by underscores.
    Int(i64, bool),
    Str(String),
    Name(String),
    Tuple(Vec<Expr>),
    List(Vec<Expr>),
    Subscript(Box<Expr>, Box<Expr>),
    Unary(UnaryOp, Box<Expr>),
    Binary(BinaryOp, Box<Expr>, Box<Expr>),
    Compare(Box<Expr>, Vec<(CompareOp, Expr)>),
    /// `and` (true) or `or` (false) of two or more.
    Bools(bool, Vec<Expr>),
    IfElse(Box<Expr>, Box<Expr>, Box<Expr>),
    /// A call by name, without keywords.
    Call(String, Position, Vec<Expr>),
    Comprehension(Box<Expr>, Vec<Generator>),
}

/// One `for … in … if …` of a list comprehension.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Generator {
    pub(super) target: Expr,
    pub(super) iter: Expr,
    pub(super) conditions: Vec<Expr>,
}

/// A unary operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UnaryOp {
    /// `-`
    Negative,
    /// `+`
    Positive,
    /// `~`
    Invert,
    /// `not`
    Not,
}

/// A binary operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BinaryOp {
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `//`
    FloorDivide,
    /// `/`, which only Python 2 defines on integers alone.
    Divide,
    /// `%`
    Remainder,
    /// `**`
    Power,
    /// `<<`
    LeftShift,
    /// `>>`
    RightShift,
    /// `&`
    And,
    /// `|`
    Or,
    /// `^`
    Xor,
}

impl BinaryOp {
    /// As it is written in Python.
    #[must_use]
    pub const fn symbol(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::FloorDivide => "//",
            Self::Divide => "/",
            Self::Remainder => "%",
            Self::Power => "**",
            Self::LeftShift => "<<",
            Self::RightShift => ">>",
            Self::And => "&",
            Self::Or => "|",
            Self::Xor => "^",
        }
    }
}

/// A comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CompareOp {
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterEqual,
    /// `is`
    Is,
    /// `is not`
    IsNot,
    /// `in`
    In,
    /// `not in`
    NotIn,
}

impl CompareOp {
    /// As it is written in Python.
    #[must_use]
    pub const fn symbol(self) -> &'static str {
        match self {
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessEqual => "<=",
            Self::Greater => ">",
            Self::GreaterEqual => ">=",
            Self::Is => "is",
            Self::IsNot => "is not",
            Self::In => "in",
            Self::NotIn => "not in",
        }
    }
}

/// A statement and where it begins.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Stmt {
    pub(super) kind: StmtKind,
    pub(super) position: Position,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum StmtKind {
    Assign(Vec<Expr>, Expr),
    AugAssign(Expr, BinaryOp, Expr),
    Expr(Expr),
    If(Expr, Vec<Stmt>, Vec<Stmt>),
    For(Expr, Expr, Vec<Stmt>, Vec<Stmt>),
    While(Expr, Vec<Stmt>, Vec<Stmt>),
    With(Vec<(Expr, Option<Expr>)>, Vec<Stmt>),
    Finally(Vec<Stmt>, Vec<Stmt>),
    Break,
    Continue,
    Pass,
    Return(Option<Expr>),
    GlobalX,
}

/// A `def` of the setup.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Function {
    pub(super) name: String,
    pub(super) parameters: Vec<String>,
    pub(super) body: Vec<Stmt>,
    pub(super) position: Position,
}

/// What the setup defines.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Setup {
    pub(super) functions: Vec<Function>,
    pub(super) locks: Vec<String>,
}

/// Parses the statements of a loop body.
pub(super) fn body(text: &str) -> Result<Vec<Stmt>, SourceError> {
    let reader = Reader { text, source: Source::Body };
    let module = reader.module()?;
    if module.body.is_empty() {
        return Err(reader.error(
            SourceErrorKind::Empty,
            "write at least one statement, such as x += d",
            TextRange::default(),
        ));
    }
    reader.block(&module.body, Context::LOOP, 0)
}

/// Parses the module-level definitions that a body may use.
pub(super) fn setup(text: &str) -> Result<Setup, SourceError> {
    let reader = Reader { text, source: Source::Setup };
    let module = reader.module()?;
    let mut setup = Setup::default();
    for stmt in &module.body {
        match stmt {
            ast::Stmt::FunctionDef(def) => {
                let function = reader.function(def)?;
                reader.unused_name(&setup, &function.name, def.name.range())?;
                setup.functions.push(function);
            }
            ast::Stmt::Assign(assign) => match (&assign.targets[..], &*assign.value) {
                ([ast::Expr::Name(name)], ast::Expr::Call(call)) if is_lock(call) => {
                    reader.unused_name(&setup, name.id.as_str(), name.range())?;
                    setup.locks.push(name.id.to_string());
                }
                _ => {
                    return Err(reader.not_covered(
                        "this assignment",
                        "the setup may have def and NAME = threading.Lock()",
                        assign.range(),
                    ));
                }
            },
            ast::Stmt::Import(import)
                if import
                    .names
                    .iter()
                    .all(|alias| alias.name.as_str() == "threading" && alias.asname.is_none()) => {}
            ast::Stmt::Pass(_) => {}
            other => {
                return Err(reader.not_covered(
                    stmt_name(other),
                    "the setup may have def and NAME = threading.Lock()",
                    other.range(),
                ));
            }
        }
    }
    Ok(setup)
}

fn is_lock(call: &ast::ExprCall) -> bool {
    call.arguments.is_empty()
        && matches!(&*call.func, ast::Expr::Attribute(attribute)
            if attribute.attr.as_str() == "Lock"
                && matches!(&*attribute.value, ast::Expr::Name(name) if name.id.as_str() == "threading"))
}

/// What a statement may do where it stands.
#[derive(Clone, Copy)]
struct Context {
    in_loop: bool,
    in_function: bool,
}

impl Context {
    /// Directly in the loop over the iterations.
    const LOOP: Self = Self { in_loop: true, in_function: false };
    const FUNCTION: Self = Self { in_loop: false, in_function: true };

    const fn in_loop(self) -> Self {
        Self { in_loop: true, ..self }
    }
}

struct Reader<'a> {
    text: &'a str,
    source: Source,
}

impl Reader<'_> {
    fn module(&self) -> Result<ast::ModModule, SourceError> {
        if self.text.len() > LONGEST_SOURCE {
            return Err(self.error(
                SourceErrorKind::NotCovered,
                &format!("it is longer than {LONGEST_SOURCE} bytes: shorten it"),
                TextRange::default(),
            ));
        }
        let parsed = ruff_python_parser::parse_module(self.text).map_err(|error| {
            let message = error.error.to_string();
            let mut letters = message.chars();
            let message: String =
                letters.next().into_iter().flat_map(char::to_lowercase).chain(letters).collect();
            self.error(SourceErrorKind::NotPython, &message, error.location)
        })?;
        if let Some(error) = parsed.unsupported_syntax_errors().first() {
            return Err(self.error(
                SourceErrorKind::NotPython,
                &error.to_string().to_lowercase(),
                error.range,
            ));
        }
        Ok(parsed.into_syntax())
    }

    fn position(&self, range: TextRange) -> Position {
        let start = range.start().to_usize().min(self.text.len());
        let before = self.text.get(..start).unwrap_or(self.text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
        Position {
            source: self.source,
            line: u32::try_from(line).unwrap_or(u32::MAX),
            column: u32::try_from(column).unwrap_or(u32::MAX),
            start: u32::from(range.start()),
            end: u32::from(range.end()),
        }
    }

    fn error(&self, kind: SourceErrorKind, message: &str, range: TextRange) -> SourceError {
        let position = self.position(range);
        SourceError { kind, message: message.to_owned(), place: Place::new(self.text, position) }
    }

    fn not_covered(&self, construct: &str, advice: &str, range: TextRange) -> SourceError {
        self.error(SourceErrorKind::NotCovered, &format!("{construct} is not covered: {advice}"), range)
    }

    fn unused_name(&self, setup: &Setup, name: &str, range: TextRange) -> Result<(), SourceError> {
        let taken = ["x", "d", "s", "n", "one", "lock", "_"].contains(&name)
            || super::value::Builtin::named(name).is_some()
            || setup.locks.iter().any(|lock| lock == name)
            || setup.functions.iter().any(|function| function.name == name);
        if taken {
            return Err(self.error(
                SourceErrorKind::NotCovered,
                &format!("the name {name} is taken: choose another"),
                range,
            ));
        }
        Ok(())
    }

    fn function(&self, def: &ast::StmtFunctionDef) -> Result<Function, SourceError> {
        let plain = |construct: &str, range: TextRange| {
            Err(self.not_covered(construct, "write def name(parameter, …):", range))
        };
        if def.is_async {
            return plain("async def", def.range());
        }
        if let Some(decorator) = def.decorator_list.first() {
            return plain("a decorator", decorator.range());
        }
        if def.type_params.is_some() || def.returns.is_some() {
            return plain("an annotation", def.range());
        }
        let parameters = &def.parameters;
        if parameters.vararg.is_some()
            || parameters.kwarg.is_some()
            || !parameters.kwonlyargs.is_empty()
            || !parameters.posonlyargs.is_empty()
        {
            return plain("a parameter of this kind", parameters.range());
        }
        let mut names = Vec::new();
        for parameter in &parameters.args {
            if parameter.default.is_some() || parameter.parameter.annotation.is_some() {
                return plain("a default value or annotation of a parameter", parameter.range());
            }
            let name = parameter.parameter.name.as_str();
            if names.iter().any(|known| known == name) {
                return Err(self.error(
                    SourceErrorKind::NotPython,
                    &format!("duplicate parameter {name}"),
                    parameter.range(),
                ));
            }
            names.push(name.to_owned());
        }
        Ok(Function {
            name: def.name.to_string(),
            parameters: names,
            body: self.block(&def.body, Context::FUNCTION, 1)?,
            position: self.position(def.name.range()),
        })
    }

    fn block(&self, stmts: &[ast::Stmt], context: Context, depth: usize) -> Result<Vec<Stmt>, SourceError> {
        stmts.iter().map(|stmt| self.stmt(stmt, context, depth + 1)).collect()
    }

    fn stmt(&self, stmt: &ast::Stmt, context: Context, depth: usize) -> Result<Stmt, SourceError> {
        if depth > DEEPEST {
            return Err(self.too_deep(stmt.range()));
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

    fn if_stmt(&self, stmt: &ast::StmtIf, context: Context, depth: usize) -> Result<StmtKind, SourceError> {
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

    fn target(&self, target: &ast::Expr, depth: usize) -> Result<Expr, SourceError> {
        match target {
            ast::Expr::Name(_) | ast::Expr::Subscript(_) => self.expr(target, depth),
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

    fn exprs(&self, exprs: &[ast::Expr], depth: usize) -> Result<Vec<Expr>, SourceError> {
        exprs.iter().map(|expr| self.expr(expr, depth)).collect()
    }

    #[expect(clippy::too_many_lines, reason = "one arm for each kind")]
    fn expr(&self, expr: &ast::Expr, depth: usize) -> Result<Expr, SourceError> {
        let depth = depth + 1;
        if depth > DEEPEST {
            return Err(self.too_deep(expr.range()));
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
                boxed(&comprehension.elt)?,
                comprehension
                    .generators
                    .iter()
                    .map(|generator| self.generator(generator, depth))
                    .collect::<Result<_, _>>()?,
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

    fn generator(&self, generator: &ast::Comprehension, depth: usize) -> Result<Generator, SourceError> {
        if generator.is_async {
            return Err(self.not_covered(
                "an asynchronous comprehension",
                "leave out async",
                generator.range(),
            ));
        }
        match &generator.target {
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
            target: self.expr(&generator.target, depth)?,
            iter: self.expr(&generator.iter, depth)?,
            conditions: self.exprs(&generator.ifs, depth)?,
        })
    }

    fn binary_op(&self, op: ast::Operator, range: TextRange) -> Result<BinaryOp, SourceError> {
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

    fn slice(&self, range: TextRange) -> &str {
        self.text.get(range.start().to_usize()..range.end().to_usize()).unwrap_or("")
    }

    fn too_deep(&self, range: TextRange) -> SourceError {
        self.error(
            SourceErrorKind::NotCovered,
            &format!("nested more than {DEEPEST} deep: write it flatter"),
            TextRange::empty(range.start().min(TextSize::of(self.text))),
        )
    }
}

const fn compare_op(op: ast::CmpOp) -> CompareOp {
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

/// What a person calls the statement.
const fn stmt_name(stmt: &ast::Stmt) -> &'static str {
    match stmt {
        ast::Stmt::FunctionDef(_) => "def in this place",
        ast::Stmt::ClassDef(_) => "class",
        ast::Stmt::Return(_) => "return in this place",
        ast::Stmt::Delete(_) => "del",
        ast::Stmt::TypeAlias(_) => "a type alias",
        ast::Stmt::AnnAssign(_) => "an annotation",
        ast::Stmt::Match(_) => "match",
        ast::Stmt::Raise(_) => "raise",
        ast::Stmt::Assert(_) => "assert",
        ast::Stmt::Import(_) | ast::Stmt::ImportFrom(_) => "import",
        ast::Stmt::Nonlocal(_) => "nonlocal",
        ast::Stmt::For(_) => "for in this form",
        ast::Stmt::With(_) => "with in this form",
        ast::Stmt::Break(_) => "break",
        ast::Stmt::Continue(_) => "continue",
        _ => "this statement",
    }
}

/// What a person calls the expression.
const fn expr_name(expr: &ast::Expr) -> &'static str {
    match expr {
        ast::Expr::Named(_) => "an assignment expression (:=)",
        ast::Expr::Lambda(_) => "lambda",
        ast::Expr::Dict(_) => "a dictionary",
        ast::Expr::Set(_) => "a set",
        ast::Expr::SetComp(_) => "a set comprehension",
        ast::Expr::DictComp(_) => "a dictionary comprehension",
        ast::Expr::Generator(_) => "a generator expression",
        ast::Expr::Await(_) => "await",
        ast::Expr::Yield(_) | ast::Expr::YieldFrom(_) => "yield",
        ast::Expr::FString(_) => "an f-string",
        ast::Expr::TString(_) => "a template string",
        ast::Expr::BytesLiteral(_) => "a bytes literal",
        ast::Expr::EllipsisLiteral(_) => "...",
        ast::Expr::Attribute(_) => "an attribute (a.b)",
        ast::Expr::Starred(_) => "a starred expression",
        ast::Expr::Slice(_) => "a slice",
        ast::Expr::Tuple(_) => "a tuple",
        ast::Expr::List(_) => "a list",
        ast::Expr::Subscript(_) => "an indexed value",
        ast::Expr::Call(_) => "a call's result",
        _ => "this expression",
    }
}
